--- What a search will try: its points, and the rungs that its budget pays for.
local arguments = require "compt.arguments"
local library = require "compt.library"
local rungs = require "compt.search.rungs"
local space = require "compt.search.space"

local plan = {}

---@class compt.SearchPart
---@field share number -- of a full run
---@field value number?
---@field error string?
---@field path string
---@field steps integer?
---@field split string?

---@class compt.SearchTrial
---@field number integer
---@field point table<string, any>
---@field parts compt.SearchPart[]

---@class compt.SearchPlan
---@field dimensions compt.SearchDimension[]
---@field trials compt.SearchTrial[]
---@field shares number[]
---@field reduction integer?
---@field go_on fun(results: compt.RungResult[]): integer[] -- positions of the trials of a rung that go on to the next one
---@field seed integer

local SCHEDULERS = { "halving", "asha", "random", "grid" }
--- The most rungs, unless they are given: a share of 1/27 of a run would say little.
local RUNGS, REDUCTION = 3, 3

local function number(x) return ("%.4g"):format(x) end

local function refuse(call, text, ...) error((call .. ": " .. text):format(...), 0) end

---@return number
local function budget_of(call, o)
  local budget = arguments.check(call, "budget", o.budget, arguments.number, 0)
  if budget < 1 or budget == math.huge then
    refuse(call, "budget = %s: the budget is a number of full runs, and must pay for at least 1", number(budget))
  end
  return budget
end

--- The shares and the number of trials of successive halving.
---@return number[], integer
local function halved(call, o, reduction)
  local budget = budget_of(call, o)
  for count = o.rungs or RUNGS, 1, -1 do
    local shares, least = rungs.shares(count, reduction), rungs.least(count, reduction)
    local trials = rungs.trials(budget, shares, reduction)
    if trials >= least then return shares, trials end
    if o.rungs then
      local why = "the %d trials of which one is made in full cost %s full runs"
      local cost = number(rungs.cost(least, shares, reduction))
      refuse(call, "budget = %s does not pay for %d rungs: " .. why, number(budget), count, least, cost)
    end
  end
  error "a budget of 1 pays for 1 trial"
end

--- The points of a grid: all of them.
local function all(call, o, dimensions)
  for _, d in ipairs(dimensions) do
    if not d.values then
      refuse(call, 'scheduler = "grid" tries each value: space.%s must be a list, not a range', d.name)
    end
  end
  local points = space.all(dimensions)
  local budget = o.budget ~= nil and budget_of(call, o) or #points
  if #points > budget then
    local text = "the grid has %d points, and budget = %s pays for %d full runs"
    refuse(call, text, #points, number(budget), budget // 1)
  end
  return points
end

--- Points in random order, or all if the space has no more.
local function drawn(call, dimensions, count, seed)
  local points = space.draw(dimensions, math.min(count, space.size(dimensions)) // 1 | 0, seed)
  -- The processes of a plan leave it to the one that made the plan.
  if #points < count and not library.is_planned() then
    local text = "note: %s: the budget pays for %d trials, and the space has only %d points"
    library.note(text:format(call, count, #points))
  end
  return points
end

--- Checks the options of a search.
---@return compt.SearchPlan
function plan.of(call, o)
  library.known("scheduler", o.scheduler, SCHEDULERS, call)
  local dimensions = space.read(call, o.space, o.settings)
  if o.settings[space.BUDGET] ~= nil then
    refuse(call, "settings.%s is the share of a full run, which the search sets itself", space.BUDGET)
  end
  local in_rungs = o.scheduler == "halving" or o.scheduler == "asha"
  for _, name in ipairs { "rungs", "reduction" } do
    if o[name] and not in_rungs then
      refuse(call, '%s = %d belongs to scheduler = "halving" and "asha", not to %q', name, o[name], o.scheduler)
    end
  end
  local seed, shares, reduction = o.seed, { 1 }, o.reduction or REDUCTION
  local points ---@type table<string, any>[]
  if in_rungs then
    local count
    shares, count = halved(call, o, reduction)
    points = drawn(call, dimensions, count, seed)
    -- A small space has fewer points than come to the last rung.
    while #shares > 1 and #points < rungs.least(#shares, reduction) do table.remove(shares, 1) end
  elseif o.scheduler == "random" then
    points = drawn(call, dimensions, budget_of(call, o) // 1 | 0, seed)
  else
    points = all(call, o, dimensions)
  end
  local trials, rule = {}, o.scheduler == "asha" and rungs.asha or rungs.halving
  for i, point in ipairs(points) do trials[i] = { number = i, point = point, parts = {} } end
  return {
    dimensions = dimensions, trials = trials, shares = shares, seed = seed, reduction = in_rungs and reduction or nil,
    go_on = function(results) return rule(results, reduction, o.goal == "lowest") end,
  }
end

return plan
