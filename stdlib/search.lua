--- `compt.search { ... }`: tries points of a space of settings on validation rows; see compt.SearchOptions.
local arguments = require "compt.arguments"
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
  { "run", arguments.callable }, { "space", arguments.plain_table }, { "settings", arguments.plain_table, {} },
  { "budget", optional(arguments.any) }, { "scheduler", arguments.name, "halving" },
  { "objective", arguments.name, "average" }, { "goal", arguments.one_of { "highest", "lowest" }, "highest" },
  { "reduction", optional(arguments.whole(2)) }, { "rungs", optional(arguments.whole(1)) },
  { "seed", optional(arguments.whole(0)) }, { "name", optional(arguments.name) }, { "out", optional(arguments.name) },
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

---@param p compt.SearchPlan
---@param trials compt.SearchTrial[]
---@param rung integer
---@return table<string, any>[]
local function cells(o, p, trials, rung)
  local list = {}
  for i, one in ipairs(trials) do list[i] = cell(o, one, p.shares[rung]) end
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

--- By the rule of ASHA trials go on while others are made: a function that makes the cells more, of the rows of the cells
--- so far.
---@param p compt.SearchPlan
---@param trials compt.SearchTrial[]
---@param from integer -- the rung of the trials
local function growing(o, p, trials, from)
  if o.scheduler ~= "asha" or from == #p.shares then return nil end
  local list = cells(o, p, trials, from)
  local at = {} ---@type { index: integer, trial: compt.SearchTrial }[][]
  for rung = from, #p.shares do at[rung] = {} end
  for i, one in ipairs(trials) do at[from][i] = { index = i, trial = one } end
  return function(rows)
    local runs, count = collection.of_cells(rows), #list
    for rung = from, #p.shares - 1 do
      local results = {}
      for i, here in ipairs(at[rung]) do
        local part = runs[here.index] and part_of(o, runs[here.index], p.shares[rung])
        if not part then break end
        results[i] = { value = part.value }
      end
      local promoted = p.promoted(results, p.reduction, o.goal == "lowest")
      for i = #at[rung + 1] + 1, #promoted do
        local one = at[rung][promoted[i]].trial
        list[#list + 1] = cell(o, one, p.shares[rung + 1])
        at[rung + 1][i] = { index = #list, trial = one }
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
  local planned = library.is_planned()
  local runs = collection.of_cells(library.search {
    name = o.name, out = o.out, files = o.files, args = o.args, shares = p.shares, code = o.run,
    run = trial.wrapped(o, p.dimensions), grow = growing(o, p, trials, rung),
    cells = not planned and cells(o, p, trials, rung) or nil,
  })
  if #runs ~= #trials then error(("%s: the plan has %d runs, and %d trials go on"):format(CALL, #runs, #trials), 0) end
  local open = 0
  for i, run in ipairs(runs) do
    local part = part_of(o, run, p.shares[rung])
    open = open + (part and 0 or 1)
    table.insert(trials[i].parts, part or { share = p.shares[rung], path = run.path })
  end
  if open > 0 then error(("%s: %d of %d runs are not finished"):format(CALL, open, #runs), 0) end
  return runs
end

--- The trials that go on to the next rung.
---@param trials compt.SearchTrial[]
---@return compt.SearchTrial[]
local function chosen(o, p, trials, rung)
  local results = {}
  for i, one in ipairs(trials) do results[i] = { value = one.parts[rung].value } end
  local list = {}
  for _, i in ipairs(p.promoted(results, p.reduction, o.goal == "lowest")) do list[#list + 1] = trials[i] end
  return list
end

return function(given)
  local o = arguments.options(CALL, given, rules)
  objective.check(CALL, o.objective)
  local p = plan.of(CALL, o)
  local trials, runs = p.trials, nil ---@type compt.SearchTrial[], compt.Runs?
  for rung = 1, #p.shares do
    local made = make(o, p, trials, rung)
    runs = runs and runs:with(made) or made
    if rung < #p.shares then trials = chosen(o, p, trials, rung) end
    if #trials == 0 then break end
  end
  return outcome.of(CALL, o, p, runs)
end
