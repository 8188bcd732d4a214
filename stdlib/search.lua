--- `compt.search { ... }`: tries points of a space of settings on validation rows; see compt.SearchOptions.
local arguments = require "compt.arguments"
local cell_file = require "compt.cell_file"
local collection = require "compt.analysis.collection"
local library = require "compt.library"
local objective = require "compt.search.objective"
local outcome = require "compt.search.outcome"
local plan = require "compt.search.plan"
local space = require "compt.search.space"
local trial = require "compt.search.trial"

local CALL = "compt.search"

local optional = arguments.optional
local rules = {
  { "run", arguments.cell }, { "space", arguments.plain_table }, { "settings", arguments.plain_table, {} },
  { "budget", optional(arguments.any) }, { "scheduler", arguments.name, "halving" },
  { "objective", arguments.name, "average" }, { "goal", arguments.one_of { "highest", "lowest" }, "highest" },
  { "reduction", optional(arguments.whole(2)) }, { "rungs", optional(arguments.whole(1)) },
  { "seed", arguments.whole(0), 0 }, { "name", optional(arguments.name) }, { "out", optional(arguments.name) },
  { "files", optional(arguments.names) }, { "args", arguments.flag, true },
}

--- The settings of the cell that is a trial's part up to a share of a full run.
---@param one compt.SearchTrial
---@param share number
---@return table<string, any>
local function cell(o, one, share)
  local settings = { [space.BUDGET] = share }
  for _, some in ipairs { o.settings, one.point } do
    for name, value in pairs(some) do settings[name] = value end
  end
  return settings
end

---@param trials compt.SearchTrial[]
---@param share number
---@return table<string, any>[]
local function cells(o, trials, share)
  local list = {}
  for i, one in ipairs(trials) do list[i] = cell(o, one, share) end
  return list
end

--- The outcome of a part of a trial; nil before it has one.
---@param run compt.Run
---@param share number
---@return compt.SearchPart?
local function part_of(o, run, share)
  local part = { share = share, path = run.path, steps = run.steps }
  if run.state == "finished" then
    part.value, part.split = objective.value(run.values, o.objective), objective.split(run.values)
    if not part.value then part.error = ("it returned no number '%s'"):format(o.objective) end
  elseif run.state == "failed" or run.state == "damaged" then
    part.error = run.error or run.state
  else
    return nil
  end
  return part
end

---@class compt.SearchRung
---@field share number
---@field trials { index: integer, trial: compt.SearchTrial }[] -- with the numbers of their cells

--- The trials of a rung whose results are known, up to the first one that is not.
---@param rung compt.SearchRung
---@param runs compt.Run[]
---@return compt.RungResult[]
local function known(o, rung, runs)
  local results = {}
  for i, here in ipairs(rung.trials) do
    local run = runs[here.index]
    local part = run and part_of(o, run, rung.share)
    if not part then break end
    results[i] = part
  end
  return results
end

--- By the rule of ASHA trials go on while others are made: a function that makes the cells more, of the rows of the cells
--- so far.
---@param p compt.SearchPlan
---@param trials compt.SearchTrial[]
---@param from integer -- the rung of the trials
local function growing(o, p, trials, from)
  if o.scheduler ~= "asha" or from == #p.shares then return nil end
  local all, list = {}, {} ---@type compt.SearchRung[], table<string, any>[]
  for rung = from, #p.shares do all[#all + 1] = { share = p.shares[rung], trials = {} } end
  local function add(rung, one)
    list[#list + 1] = cell(o, one, rung.share)
    table.insert(rung.trials, { index = #list, trial = one })
  end
  for _, one in ipairs(trials) do add(all[1], one) end
  return function(rows)
    local runs, count = collection.of_cells(rows), #list
    for i, rung in ipairs(all) do
      local above = all[i + 1]
      if not above then break end
      for k, place in ipairs(p.go_on(known(o, rung, runs))) do
        local here = rung.trials[place]
        if here and k > #above.trials then add(above, here.trial) end
      end
    end
    return #list > count and list or nil
  end
end

--- Makes a part of each of these trials, unless it is made, and notes the outcomes in them.
---@param p compt.SearchPlan
---@param trials compt.SearchTrial[]
---@param rung integer
---@return compt.Runs
local function make(o, p, trials, rung)
  local share, planned = p.shares[rung] --[[@as number]], library.is_planned()
  local runs = collection.of_cells(library.search {
    name = o.name, out = o.out, files = o.files, args = o.args, shares = p.shares, code = o.run,
    run = trial.wrapped(o, p.dimensions), grow = growing(o, p, trials, rung),
    cells = not planned and cells(o, trials, share) or nil,
  })
  if #runs ~= #trials then error(("%s: the plan has %d runs, and %d trials go on"):format(CALL, #runs, #trials), 0) end
  local open = 0
  for i, one in ipairs(trials) do
    local run = runs[i] --[[@as compt.Run]]
    local part = part_of(o, run, share)
    open = open + (part and 0 or 1)
    table.insert(one.parts, part or { share = share, path = run.path })
  end
  if open > 0 then error(("%s: %d of %d runs are not finished"):format(CALL, open, #runs), 0) end
  return runs
end

--- The trials that go on to the next rung.
---@param p compt.SearchPlan
---@param trials compt.SearchTrial[]
---@return compt.SearchTrial[]
local function chosen(p, trials)
  local results, list = {}, {}
  for i, one in ipairs(trials) do results[i] = one.parts[#one.parts] end
  for _, i in ipairs(p.go_on(results)) do list[#list + 1] = trials[i] end
  return list
end

return function(given)
  local o = arguments.options(CALL, given, rules)
  objective.check(CALL, o.objective)
  o.run = cell_file(CALL, o.run)
  local p = plan.of(CALL, o)
  local trials = p.trials
  local runs = make(o, p, trials, 1)
  for rung = 2, #p.shares do
    trials = chosen(p, trials)
    if #trials == 0 then break end
    runs = runs:with(make(o, p, trials, rung))
  end
  return outcome.of(CALL, o, p, runs)
end
