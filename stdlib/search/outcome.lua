--- The result of a search: the choice, the trials, and their record.
local aligned = require "compt.analysis.aligned"
local arguments = require "compt.arguments"
local library = require "compt.library"
local rungs = require "compt.search.rungs"

local outcome = {}

---@class compt.Search
local Search = {}
Search.__index = Search
Search.__name = "search"

--- What a search shows of itself: its options, its plan, and its trials in order.
---@type table<compt.Search, { o: table<string, any>, p: compt.SearchPlan, order: compt.SearchTrial[] }>
local shown = setmetatable({}, { __mode = "k" })

--- The trials, best first: those that came further before the others, failed ones last of their rung.
---@param p compt.SearchPlan
---@return compt.SearchTrial[]
local function sorted(p, lowest)
  local list = table.move(p.trials, 1, #p.trials, 1, {})
  local place = {}
  for part = 1, #p.shares do
    local results = {}
    for i, trial in ipairs(p.trials) do
      local reached = trial.parts[part]
      results[i] = { value = reached and reached.value or nil }
    end
    for i, at in ipairs(rungs.ranked(results, #results, lowest)) do place[p.trials[at]] = i end
  end
  table.sort(list, function(a, b)
    if #a.parts ~= #b.parts then return #a.parts > #b.parts end
    local failed, other = a.parts[#a.parts].value == nil, b.parts[#b.parts].value == nil
    if failed ~= other then return other end
    if failed then return a.number < b.number end
    return place[a] < place[b]
  end)
  return list
end

--- The number of full runs that were made.
---@param p compt.SearchPlan
local function spent(p)
  local sum = 0.0
  for _, trial in ipairs(p.trials) do
    local before = 0.0
    for _, part in ipairs(trial.parts) do
      sum, before = sum + part.share - before, part.share
    end
  end
  return sum
end

--- The rows by which the choice was made, as far as the trials tell.
---@param p compt.SearchPlan
local function rows_of(p)
  for _, trial in ipairs(p.trials) do
    for _, part in ipairs(trial.parts) do
      if part.value and not part.split then return "not told: run returned a figure of its own" end
    end
  end
  return "validation"
end

local function joined(...)
  local all = {}
  for _, settings in ipairs { ... } do
    for name, value in pairs(settings) do all[name] = value end
  end
  return all
end

--- The first line of an error.
---@param text string
local function in_short(text) return text:match "^[^\n]*" or text end

--- How often each record was written: searches without a name have numbers.
---@type table<string, integer>
local written = {}

--- Writes what was searched, tried and chosen beside the runs.
---@param p compt.SearchPlan
---@param search compt.Search
---@return string path
local function record(o, p, search)
  local stem = search.path:match "^(.*)/[^/]*$" .. "/search" .. (o.name and "-" .. o.name or "")
  written[stem] = (written[stem] or 0) + 1
  local path = ("%s%s.json"):format(stem, written[stem] > 1 and "-" .. written[stem] or "")
  local trials = {}
  for i, trial in ipairs(p.trials) do trials[i] = { number = trial.number, settings = trial.point, parts = trial.parts } end
  library.write(path, library.json {
    space = o.space, settings = o.settings, budget = o.budget, spent = search.spent, scheduler = o.scheduler,
    reduction = p.reduction, shares = p.shares, seed = p.seed, objective = o.objective, goal = o.goal, trials = trials,
    rows = rows_of(p), test_rows = "not looked at: t:evaluate(\"test\") is refused in a trial",
    choice = { settings = search.settings, value = search.value, run = search.path },
  } .. "\n")
  return path
end

--- The choice among the trials that were made in full. Names the failed ones.
---@param p compt.SearchPlan
---@param runs compt.Runs
---@return compt.Search
function outcome.of(call, o, p, runs)
  local lowest, results, first = o.goal == "lowest", {}, nil
  for i, trial in ipairs(p.trials) do
    local last = trial.parts[#trial.parts]
    results[i] = { value = #trial.parts == #p.shares and last.value or nil }
    if last.error then
      first = first or last.error
      local text = "note: %s: trial %d failed (%s): %s"
      library.note(text:format(call, trial.number, last.path, in_short(last.error)))
    end
  end
  local place = rungs.ranked(results, #results, lowest)[1]
  local best = place and p.trials[place]
  if not best then
    error(("%s: none of the %d trials was made in full; the first error: %s"):format(call, #p.trials, first or "none"), 0)
  end
  local last = best.parts[#best.parts]
  local search = setmetatable({
    settings = joined(o.settings, best.point), value = last.value, path = last.path, trials = runs, spent = spent(p),
  }, Search)
  search.record = record(o, p, search)
  shown[search] = { o = o, p = p, order = sorted(p, lowest) }
  return search
end

local function number(value) return type(value) == "number" and ("%.4g"):format(value) or tostring(value) end

--- A table of the trials, the best first.
function Search:__tostring()
  local o, p, order = shown[self].o, shown[self].p, shown[self].order
  local head = { "trial" }
  for _, d in ipairs(p.dimensions) do head[#head + 1] = d.name end
  for _, name in ipairs { "rung", "steps", o.objective } do head[#head + 1] = name end
  local lines, failed = { head }, {}
  for _, trial in ipairs(order) do
    local last = trial.parts[#trial.parts]
    local line = { tostring(trial.number) }
    for _, d in ipairs(p.dimensions) do
      local value = trial.point[d.name]
      line[#line + 1] = type(value) == "table" and arguments.show(value) or number(value)
    end
    line[#line + 1] = ("%d/%d"):format(#trial.parts, #p.shares)
    line[#line + 1] = last.steps and tostring(last.steps) or "–"
    line[#line + 1] = last.value and number(last.value) or "failed"
    for i, text in ipairs(line) do line[i] = library.plain(text) end
    lines[#lines + 1] = line
    if last.error then
      failed[#failed + 1] = ("trial %d failed: %s"):format(trial.number, library.plain(in_short(last.error)))
    end
  end
  local rows = rows_of(p)
  local text = "search (%s): %d trials, %.1f full runs of training; %s %s%s"
  local on = rows == "validation" and " on validation rows" or ""
  local title = text:format(o.scheduler, #p.trials, self.spent, o.goal, o.objective, on)
  return table.concat({ title, aligned(lines), table.unpack(failed) }, "\n")
end

return outcome
