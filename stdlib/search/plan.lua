--- What a search will try: its points, and the rungs that its budget pays for.
local arguments = require "compt.arguments"
local library = require "compt.library"
local rungs = require "compt.search.rungs"
local session = require "compt.session"
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
---@field promoted (fun(results: compt.RungResult[], reduction: integer, lowest: boolean): integer[])?
---@field seed integer

local SCHEDULERS = { "halving", "asha", "random", "grid" }
--- The most rungs, unless they are given: a share of 1/27 of a run would say little.
local RUNGS, REDUCTION = 3, 3

local function number(x) return ("%.4g"):format(x) end

---@return number
local function budget_of(call, o)
  local budget = arguments.check(call, "budget", o.budget, arguments.number, 0)
  if budget < 1 or budget == math.huge then
    error(("%s: budget = %s: the budget is a number of full runs, and must pay for at least 1"):format(call, number(budget)), 0)
  end
  return budget
end

--- The shares and the number of trials of successive halving.
---@return number[], integer, integer
local function halved(call, o)
  local budget, reduction = budget_of(call, o), o.reduction or REDUCTION
  for count = o.rungs or RUNGS, 1, -1 do
    local shares, least = rungs.shares(count, reduction), rungs.least(count, reduction)
    local trials = rungs.trials(budget, shares, reduction)
    if trials >= least then return shares, trials, reduction end
    if o.rungs then
      error(
        ("%s: budget = %s does not pay for %d rungs: the %d trials of which one is made in full cost %s full runs"):format(
          call, number(budget), count, least, number(rungs.cost(least, shares, reduction))
        ), 0)
    end
  end
  error "a budget of 1 pays for 1 trial"
end

--- The points of a grid: all of them.
local function all(call, o, dimensions)
  for _, d in ipairs(dimensions) do
    if not d.values then
      error(('%s: scheduler = "grid" tries each value: space.%s must be a list, not a range'):format(call, d.name), 0)
    end
  end
  local points = space.all(dimensions)
  local budget = o.budget ~= nil and budget_of(call, o) or #points
  if #points > budget then
    error(("%s: the grid has %d points, and budget = %s pays for %d full runs"):format(call, #points, number(budget), budget // 1), 0)
  end
  return points
end

--- Points in random order, or all if the space has no more.
local function drawn(call, o, dimensions, count, seed)
  local points = space.draw(dimensions, math.min(count, space.size(dimensions)) // 1 | 0, seed)
  if #points < count then
    library.note(("note: %s: the budget pays for %d trials, and the space has only %d points"):format(call, count, #points))
  end
  return points
end

--- Checks the options of a search.
---@return compt.SearchPlan
function plan.of(call, o)
  library.known("scheduler", o.scheduler, SCHEDULERS, call)
  local dimensions = space.read(call, o.space, o.settings)
  if o.settings[space.BUDGET] ~= nil then
    error(("%s: settings.%s is the share of a full run, which the search sets itself"):format(call, space.BUDGET), 0)
  end
  local in_rungs = o.scheduler == "halving" or o.scheduler == "asha"
  for _, name in ipairs { "rungs", "reduction" } do
    if o[name] and not in_rungs then
      error(('%s: %s = %d belongs to scheduler = "halving" and "asha", not to %q'):format(call, name, o[name], o.scheduler), 0)
    end
  end
  local p = { dimensions = dimensions, shares = { 1 }, seed = o.seed or session.seed, promoted = rungs[o.scheduler], trials = {} }
  local points
  if in_rungs then
    local count
    p.shares, count, p.reduction = halved(call, o)
    points = drawn(call, o, dimensions, count, p.seed)
    -- A small space has fewer points than come to the last rung.
    while #p.shares > 1 and #points < rungs.least(#p.shares, p.reduction) do table.remove(p.shares, 1) end
  elseif o.scheduler == "random" then
    points = drawn(call, o, dimensions, budget_of(call, o) // 1 | 0, p.seed)
  else
    points = all(call, o, dimensions)
  end
  for i, point in ipairs(points) do p.trials[i] = { number = i, point = point, parts = {} } end
  return p
end

return plan
