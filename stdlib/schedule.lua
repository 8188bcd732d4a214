--- Schedules: values that depend on the step, for control files and `control` tables.
--
-- A schedule is called as `schedule(step, view)`, with step from 1 to N = view.total_steps. `linear`, `cosine` and
-- `exponential` have their first value at step 1 and their last value at step N. The warm-up schedules are those of
-- transformers, with i = step - 1 and W = warm-up steps.

local arguments = require "compt.arguments"
local number, share, flag = arguments.number, arguments.share, arguments.flag
local above, at_least, whole = arguments.above, arguments.at_least, arguments.whole
local one_of, optional = arguments.one_of, arguments.optional
local check, written = arguments.check, arguments.written

local schedule = {}

local Schedule = {}
Schedule.__index = Schedule
Schedule.__call = function(self, step, view)
  if view == nil then error("a schedule is called with (step, view)", 2) end
  return self.value(step, view.total_steps, view)
end
Schedule.__tostring = function(self) return self.text end

--- Creates a schedule from its text and a function value(step, total, view).
local function new(text, value) return setmetatable({ text = text, value = value }, Schedule) end

--- Converts a number to a constant schedule.
local function as_schedule(call, value, level)
  if getmetatable(value) == Schedule then return value end
  if type(value) == "number" then return schedule.constant(value) end
  error(("%s: expected a schedule or a number, got %s"):format(call, arguments.a_kind(value)), level or 3)
end

--- (step - 1) / (N - 1), in [0, 1].
local function way(step, total)
  if total <= 1 then return 0 end
  return math.min(math.max((step - 1) / (total - 1), 0), 1)
end

local function line(from, to, x) return from * (1 - x) + to * x end

--- Half a cosine.
local function wave(from, to, x)
  local left = (1 + math.cos(math.pi * x)) / 2
  return from * left + to * (1 - left)
end

--- A constant.
function schedule.constant(value)
  check("schedule.constant", "the value", value, number)
  return new(written("constant", value), function() return value end)
end

--- Linear from `from` at step 1 to `to` at step N.
function schedule.linear(from, to)
  check("schedule.linear", "from", from, number)
  check("schedule.linear", "to", to, number)
  return new(written("linear", from, to), function(step, total)
    return line(from, to, way(step, total))
  end)
end

--- Half a cosine from `from` at step 1 to `to` at step N.
function schedule.cosine(from, to)
  check("schedule.cosine", "from", from, number)
  check("schedule.cosine", "to", to, number)
  return new(written("cosine", from, to), function(step, total)
    return wave(from, to, way(step, total))
  end)
end

--- Exponential from `from` at step 1 to `to` at step N; both above 0.
function schedule.exponential(from, to)
  check("schedule.exponential", "from", from, above(0))
  check("schedule.exponential", "to", to, above(0))
  return new(written("exponential", from, to), function(step, total)
    local x = way(step, total)
    return from ^ (1 - x) * to ^ x
  end)
end

--- The number of steps of a share, rounded up, as `TrainingArguments.get_warmup_steps` of transformers.
local function rise_of(part, total) return math.ceil(part * total) end

--- Linear from 0 to `peak` over `warmup * N` steps, then peak * fall(x) with x from 0 to 1.
local function rise_and_fall(name, peak, options, fall)
  check("schedule." .. name, "the peak", peak, number)
  local read = arguments.options("schedule." .. name, options, { { "warmup", share, 0 } })
  return new(written(name, peak, options), function(step, total)
    local i, rise = step - 1, rise_of(read.warmup, total)
    if i < rise then return peak * i / rise end
    return peak * fall(math.min((i - rise) / math.max(1, total - rise), 1))
  end)
end

--- Linear to `peak` over `warmup * N` steps, then linear to 0 after step N.
function schedule.warmup_linear(peak, options)
  return rise_and_fall("warmup_linear", peak, options, function(x) return 1 - x end)
end

--- Linear to `peak` over `warmup * N` steps, then half a cosine to 0 after step N.
function schedule.warmup_cosine(peak, options)
  return rise_and_fall("warmup_cosine", peak, options, function(x)
    return (1 + math.cos(math.pi * x)) / 2
  end)
end

--- Linear from 0 to the first value of `inner` over `warmup * N` steps. `inner` runs over the remaining steps, with its
--- own step 1: `warmup(s.cosine(0.1, 0), { warmup = 0.1 })`.
function schedule.warmup(inner, options)
  inner = as_schedule("schedule.warmup", inner)
  local read = arguments.options("schedule.warmup", options, { { "warmup", share } })
  return new(written("warmup", inner, options), function(step, total, view)
    local rise = rise_of(read.warmup, total)
    local rest = math.max(1, total - rise)
    if step > rise then return inner.value(step - rise, rest, view) end
    return inner.value(1, rest, view) * (step - 1) / rise
  end)
end

--- The last step (from 0) and the last value of each phase.
local function phases_of(read, peak, total)
  local low = peak / read.div_factor
  local rise, last = read.pct_start * total - 1, { total - 1, low / read.final_div_factor }
  if not read.three_phase then return low, { { rise, peak }, last } end
  return low, { { rise, peak }, { 2 * read.pct_start * total - 2, low }, last }
end

--- OneCycleLR of PyTorch (Smith and Topin 2018): from `peak / div_factor` to `peak` in `pct_start * N` steps, then to
--- `peak / div_factor / final_div_factor` at step N. With `three_phase` it first returns to the first value.
function schedule.one_cycle(peak, options)
  check("schedule.one_cycle", "the peak", peak, number)
  local read = arguments.options("schedule.one_cycle", options, {
    { "pct_start", share, 0.3 },
    { "anneal", one_of { "cosine", "linear" }, "cosine" },
    { "div_factor", above(0), 25 },
    { "final_div_factor", above(0), 1e4 },
    { "three_phase", flag, false },
  })
  local between = read.anneal == "cosine" and wave or line
  return new(written("one_cycle", peak, options), function(step, total)
    local i, start = math.min(step, total) - 1, 0
    local from, phases = phases_of(read, peak, total)
    for n, phase in ipairs(phases) do
      local stop, to = phase[1], phase[2]
      if i <= stop or n == #phases then
        -- A phase of length 0 ends at once.
        return between(from, to, stop == start and 1 or (i - start) / (stop - start))
      end
      start, from = stop, to
    end
  end)
end

--- The factor of a cycle's amplitude, from gamma, the number of the cycle and the step from 0.
local heights = {
  triangular = function() return 1 end,
  triangular2 = function(_, cycle) return 1 / 2 ^ (cycle - 1) end,
  exp_range = function(gamma, _, i) return gamma ^ i end,
}

--- CyclicLR of PyTorch (Smith 2017): from `low` to `high` in `up` steps, back in `down` steps, repeated.
function schedule.cyclic(low, high, options)
  check("schedule.cyclic", "low", low, number)
  check("schedule.cyclic", "high", high, number)
  local read = arguments.options("schedule.cyclic", options, {
    { "up", whole(1), 100 },
    { "down", optional(whole(0)) },
    { "mode", one_of { "triangular", "triangular2", "exp_range" }, "triangular" },
    { "gamma", above(0), 1 },
  })
  local length = read.up + (read.down or read.up)
  local top, height = read.up / length, heights[read.mode]
  return new(written("cyclic", low, high, options), function(step)
    local i = step - 1
    local cycle = math.floor(1 + i / length)
    local x = 1 + i / length - cycle
    local up = x <= top and x / top or (x - 1) / (top - 1)
    return low + (high - low) * up * height(read.gamma, cycle, i)
  end)
end

--- The metrics of the run, oldest first.
local function history(view, metric)
  if metric == "loss" then return view.epoch_losses or {} end
  local averages = {}
  for i, evaluation in ipairs(view.evaluations or {}) do averages[i] = evaluation.average end
  return averages
end

local function improves(metric, best, read)
  local relative, threshold = read.threshold_mode == "rel", read.threshold
  if read.mode == "min" then
    return metric < (relative and best * (1 - threshold) or best - threshold)
  end
  return metric > (relative and best * (1 + threshold) or best + threshold)
end

--- `value` after all reductions that follow from the metrics.
local function reduced(value, metrics, read)
  local best, bad, cooling = read.mode == "min" and math.huge or -math.huge, 0, 0
  for _, metric in ipairs(metrics) do
    bad = bad + 1
    if improves(metric, best, read) then best, bad = metric, 0 end
    if cooling > 0 then cooling, bad = cooling - 1, 0 end
    if bad > read.patience then
      local lower = math.max(value * read.factor, read.min)
      if value - lower > read.eps then value = lower end
      cooling, bad = read.cooldown, 0
    end
  end
  return value
end

--- ReduceLROnPlateau of PyTorch: `value`, multiplied by `factor` when the metric has not improved for more than
--- `patience` epochs (or evaluations). It is computed from the history in the view at each step.
function schedule.on_plateau(value, options)
  check("schedule.on_plateau", "the value", value, number)
  local read = arguments.options("schedule.on_plateau", options, {
    { "metric", one_of { "loss", "score" }, "loss" },
    { "mode", optional(one_of { "min", "max" }) },
    { "factor", arguments.fraction, 0.1 },
    { "patience", whole(0), 10 },
    { "threshold", at_least(0), 1e-4 },
    { "threshold_mode", one_of { "rel", "abs" }, "rel" },
    { "cooldown", whole(0), 0 },
    { "min", number, 0 },
    { "eps", at_least(0), 1e-8 },
  })
  read.mode = read.mode or (read.metric == "loss" and "min" or "max")
  return new(written("on_plateau", value, options), function(_, _, view)
    return reduced(value, history(view, read.metric), read)
  end)
end

--- Linear interpolation between points { step, value }, constant before the first and after the last:
--- `piecewise { { 1, 0.1 }, { 100, 0.01 } }`.
function schedule.piecewise(points)
  arguments.list("schedule.piecewise", points)
  local before = -math.huge
  for _, point in ipairs(points) do
    arguments.list("schedule.piecewise", point)
    check("schedule.piecewise", "a step", point[1], number)
    check("schedule.piecewise", "a value", point[2], number)
    if point[1] <= before then error("schedule.piecewise: the steps must rise", 2) end
    before = point[1]
  end
  return new(written("piecewise", points), function(step)
    if step <= points[1][1] then return points[1][2] end
    for i = 2, #points do
      local left, right = points[i - 1], points[i]
      if step <= right[1] then
        return line(left[2], right[2], (step - left[1]) / (right[1] - left[1]))
      end
    end
    return points[#points][2]
  end)
end

--- StepLR of PyTorch: `value`, multiplied by `factor` (default 0.1) every `every` steps.
function schedule.step(value, every, factor)
  factor = factor or 0.1
  check("schedule.step", "the value", value, number)
  check("schedule.step", "every", every, at_least(1))
  check("schedule.step", "the factor", factor, number)
  return new(written("step", value, every, factor), function(step)
    return value * factor ^ ((step - 1) // every)
  end)
end

--- Schedules in sequence. Each runs over its share of the steps, with its own step 1:
--- `chain { { 0.2, s.linear(0, 1) }, { 0.8, s.cosine(1, 0) } }`.
function schedule.chain(parts)
  local stages = arguments.stages("schedule.chain", parts, as_schedule)
  local shown = {}
  for i, stage in ipairs(stages) do shown[i] = { stage.share, stage.value } end
  return new(written("chain", shown), function(step, total, view)
    local stage, start, stop = arguments.stage_at(stages, step, total)
    return stage.value(step - start, stop - start, view)
  end)
end

--- The product of a schedule and a number or another schedule.
function schedule.scale(inner, factor)
  inner, factor = as_schedule("schedule.scale", inner), as_schedule("schedule.scale", factor)
  return new(written("scale", inner, factor), function(step, total, view)
    return inner.value(step, total, view) * factor.value(step, total, view)
  end)
end

--- A schedule limited to [low, high].
function schedule.clip(inner, low, high)
  inner = as_schedule("schedule.clip", inner)
  check("schedule.clip", "low", low, number)
  check("schedule.clip", "high", high, number)
  if low > high then error("schedule.clip: low is above high", 2) end
  return new(written("clip", inner, low, high), function(step, total, view)
    return math.min(math.max(inner.value(step, total, view), low), high)
  end)
end

return schedule
