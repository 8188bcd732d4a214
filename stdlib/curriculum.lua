--- Curricula: the relative frequency of each task, for the knob `task_weights` of control files and `control` tables.
--
-- A curriculum is called as `curriculum(step, view)`, with step from 1. It returns weights by task, of which only the
-- ratios matter, or nil: each row once per epoch.

local arguments = require "compt.arguments"
local schedule = require "compt.schedule"
local check, written = arguments.check, arguments.written

local curriculum = {}

local Schedule = getmetatable(schedule.constant(0))

local Curriculum = {}
Curriculum.__index = Curriculum
Curriculum.__call = function(self, step, view)
  if view == nil then error("a curriculum is called with (step, view)", 2) end
  return self.weights(step, view)
end
Curriculum.__tostring = function(self) return self.text end

--- Creates a curriculum from its text and a function weights(step, view).
local function new(text, weights)
  return setmetatable({ text = text, weights = weights }, Curriculum)
end

local function is_schedule(value) return getmetatable(value) == Schedule end

--- Constant weights; each can be a schedule.
local function fixed(call, given, level)
  for name, weight in sorted_pairs(given) do
    check(call, "a task", name, arguments.name, level + 1)
    if not is_schedule(weight) then
      check(call, "the weight of " .. name, weight, arguments.at_least(0), level + 1)
    end
  end
  return new(arguments.show(given), function(step, view)
    local weights = {}
    for name, weight in sorted_pairs(given) do
      weights[name] = is_schedule(weight) and weight(step, view) or weight
    end
    return weights
  end)
end

--- Converts a table of weights or a function to a curriculum.
local function as_curriculum(call, value, level)
  if getmetatable(value) == Curriculum then return value end
  if type(value) == "function" then return new("function", value) end
  if type(value) == "table" and not getmetatable(value) and next(value) ~= nil then
    return fixed(call, value, level)
  end
  local got = arguments.show(value)
  error(("%s: expected weights by task or a curriculum, got %s"):format(call, got), level)
end

--- The number of training rows of each task, at most `limit`.
local function rows_of(view, limit)
  local rows = {}
  for name, count in sorted_pairs(view.task_sizes or {}) do
    rows[name] = math.min(count, limit or math.huge)
  end
  return rows
end

local function names_of(tasks)
  local names = {}
  for name in sorted_pairs(tasks) do names[#names + 1] = name end
  return names
end

--- Normalises weights to sum 1.
local function shares(weights)
  local sum, scaled = 0, {}
  for _, weight in sorted_pairs(weights) do sum = sum + weight end
  for name, weight in sorted_pairs(weights) do scaled[name] = weight / sum end
  return scaled
end

local limit = { "limit", arguments.optional(arguments.at_least(1)) }

--- min(rows, limit): the examples-proportional mixing of T5 (Raffel et al. 2020).
function curriculum.proportional(options)
  local read = arguments.options("curriculum.proportional", options, { limit })
  return new(written("proportional", options), function(_, view)
    return shares(rows_of(view, read.limit))
  end)
end

--- min(rows, limit)^(1 / T), where T is a number or a schedule (T5, Raffel et al. 2020).
function curriculum.temperature_sampled(temperature, options)
  local call = "curriculum.temperature_sampled"
  if not is_schedule(temperature) then
    check(call, "the temperature", temperature, arguments.above(0))
  end
  local read = arguments.options(call, options, { limit })
  return new(written("temperature_sampled", temperature, options), function(step, view)
    local now = is_schedule(temperature) and temperature(step, view) or temperature
    check(call, "the temperature", now, arguments.above(0))
    local rows, largest = rows_of(view, read.limit), 0
    for _, count in sorted_pairs(rows) do largest = math.max(largest, count) end
    for name, count in sorted_pairs(rows) do rows[name] = (count / largest) ^ (1 / now) end
    return shares(rows)
  end)
end

--- The same weight for every task.
function curriculum.equal()
  return new("equal()", function(_, view)
    local weights = {}
    for name in sorted_pairs(view.task_sizes or {}) do weights[name] = 1 end
    return shares(weights)
  end)
end

--- The tasks with a weight from the easiest to the hardest. Tasks without a loss come first, so that each gets one.
local function by_loss(weights, losses, reverse)
  local names, rank = {}, {}
  for name, weight in sorted_pairs(weights) do
    if weight > 0 then
      local loss = losses[name] or -math.huge
      if loss ~= loss then loss = math.huge end
      names[#names + 1] = name
      rank[name] = losses[name] and reverse and -loss or loss
    end
  end
  table.sort(names, function(a, b)
    if rank[a] ~= rank[b] then return rank[a] < rank[b] end
    return a < b
  end)
  return names
end

--- The number of tasks in use: the root competence of Platanios et al. 2019.
local function let_in(read, progress, count)
  local x, start = math.min(progress / read.all_by, 1), read.start ^ 2
  return math.max(1, math.floor(math.sqrt(x * (1 - start) + start) * count))
end

--- Starts with the tasks with the lowest loss (moving average) and adds harder ones: a share `start` of the tasks at
--- step 1, all of them after a share `all_by` of the run.
function curriculum.easy_to_hard(options)
  local call = "curriculum.easy_to_hard"
  local read = arguments.options(call, options, {
    { "start", arguments.share, 0.25 },
    { "all_by", arguments.part, 0.5 },
    { "reverse", arguments.flag, false },
    { "weights", arguments.any, curriculum.equal() },
  })
  local inner = as_curriculum(call, read.weights, 3)
  return new(written("easy_to_hard", options), function(step, view)
    local weights = inner(step, view) or rows_of(view)
    local names = by_loss(weights, view.task_loss_averages or {}, read.reverse)
    local chosen = {}
    for i = 1, math.min(let_in(read, view.progress, #names), #names) do
      chosen[names[i]] = weights[names[i]]
    end
    return chosen
  end)
end

--- The view of a stage, with its own steps.
local function within(view, step, start, stop)
  local own = {
    step = step - start,
    total_steps = stop - start,
    progress = (step - start - 1) / math.max(1, stop - start),
  }
  return setmetatable(own, { __index = view })
end

--- Curricula or tables of weights in sequence. Each runs over its share of the steps, with its own step 1:
--- `staged { { 0.3, { nli = 2 } }, { 0.7, c.proportional() } }`.
function curriculum.staged(parts)
  local stages = arguments.stages("curriculum.staged", parts, as_curriculum)
  return new(written("staged", parts), function(step, view)
    local stage, start, stop = arguments.stage_at(stages, step, view.total_steps)
    return stage(step - start, within(view, step, start, stop))
  end)
end

--- One task at a time in rotation, for `every` steps each, sorted by name or in the order of `tasks`.
function curriculum.round_robin(options)
  local call = "curriculum.round_robin"
  local read = arguments.options(call, options, {
    { "every", arguments.whole(1), 1 },
    { "tasks", arguments.optional(arguments.names) },
  })
  return new(written("round_robin", options), function(step, view)
    local names = read.tasks or names_of(view.task_sizes or {})
    if #names == 0 then return {} end
    return { [names[(step - 1) // read.every % #names + 1]] = 1 }
  end)
end

return curriculum
