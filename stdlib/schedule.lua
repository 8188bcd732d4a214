--- Schedules: values that depend on the step, for control files and `control` tables.
--
-- A schedule is called as `schedule(step, view)`, step counting from 1 to N = view.total_steps.
-- `linear`, `cosine` and `exponential` have their first value at step 1 and their last at step N.
-- The warm-ups are Hugging Face's, with i = step - 1 and W = warm-up steps.

local schedule = {}

local Schedule = {}
Schedule.__index = Schedule
Schedule.__call = function(self, step, view)
  if view == nil then error("a schedule is called with (step, view)", 2) end
  return self.value(step, view.total_steps)
end
Schedule.__tostring = function(self) return self.text end

local function show(value) return string.format("%.14g", value) end

--- A schedule from its value at (step, total) and its printed form.
local function new(text, value) return setmetatable({ text = text, value = value }, Schedule) end

local function number(call, name, value, level)
  if type(value) ~= "number" or value ~= value then
    local got = tostring(value)
    error(("schedule.%s: %s must be a number, got %s"):format(call, name, got), level or 3)
  end
  return value
end

local function list(call, value)
  if type(value) ~= "table" or getmetatable(value) == Schedule or #value == 0 then
    error(("schedule.%s: expected a list"):format(call), 3)
  end
  return value
end

--- A schedule as it is; a number as a constant one.
local function as_schedule(call, value)
  if getmetatable(value) == Schedule then return value end
  if type(value) == "number" then return schedule.constant(value) end
  error(("schedule.%s: expected a schedule or a number, got a %s"):format(call, type(value)), 3)
end

--- The share of the way from step 1 to step N, in [0, 1].
local function way(step, total)
  if total <= 1 then return 0 end
  return math.min(math.max((step - 1) / (total - 1), 0), 1)
end

--- The same value at every step.
function schedule.constant(value)
  number("constant", "the value", value)
  return new(("constant(%s)"):format(show(value)), function() return value end)
end

--- A straight line from `from` at step 1 to `to` at step N.
function schedule.linear(from, to)
  number("linear", "from", from)
  number("linear", "to", to)
  return new(("linear(%s, %s)"):format(show(from), show(to)), function(step, total)
    local x = way(step, total)
    return from * (1 - x) + to * x
  end)
end

--- Half a cosine from `from` at step 1 to `to` at step N.
function schedule.cosine(from, to)
  number("cosine", "from", from)
  number("cosine", "to", to)
  return new(("cosine(%s, %s)"):format(show(from), show(to)), function(step, total)
    local left = (1 + math.cos(math.pi * way(step, total))) / 2
    return from * left + to * (1 - left)
  end)
end

--- The same factor every step, from `from` at step 1 to `to` at step N; both above 0.
function schedule.exponential(from, to)
  if number("exponential", "from", from) <= 0 or number("exponential", "to", to) <= 0 then
    error("schedule.exponential: both ends must be above 0", 2)
  end
  return new(("exponential(%s, %s)"):format(show(from), show(to)), function(step, total)
    local x = way(step, total)
    return from ^ (1 - x) * to ^ x
  end)
end

--- The share of a warm-up in the options: `warmup = 0.2` is a fifth of the steps.
local function warmup_share(call, options)
  for key in pairs(options or {}) do
    if key ~= "warmup" then
      error(("schedule.%s: unknown option '%s'; known: warmup"):format(call, tostring(key)), 4)
    end
  end
  local share = number(call, "warmup", options and options.warmup or 0, 4)
  if share < 0 or share > 1 then
    error(("schedule.%s: warmup is a share of the steps, in [0, 1]"):format(call), 4)
  end
  return share
end

--- A rise from 0 to `peak` over `warmup * N` steps, then `fall(share)`, share going from 0 to 1.
local function warmup(call, peak, options, fall)
  number(call, "the peak", peak)
  local share = warmup_share(call, options)
  local text = ("%s(%s, { warmup = %s })"):format(call, show(peak), show(share))
  return new(text, function(step, total)
    local i, rise = step - 1, math.floor(share * total + 0.5)
    if i < rise then return peak * i / rise end
    return peak * fall(math.min((i - rise) / math.max(1, total - rise), 1))
  end)
end

--- Up to `peak` over `warmup * N` steps, then linearly down to 0 after step N.
function schedule.warmup_linear(peak, options)
  return warmup("warmup_linear", peak, options, function(x) return 1 - x end)
end

--- Up to `peak` over `warmup * N` steps, then by half a cosine down to 0 after step N.
function schedule.warmup_cosine(peak, options)
  return warmup("warmup_cosine", peak, options, function(x)
    return (1 + math.cos(math.pi * x)) / 2
  end)
end

--- Straight lines between points { step, value }, level before the first and after the last:
--- `piecewise { { 1, 0.1 }, { 100, 0.01 } }`.
function schedule.piecewise(points)
  list("piecewise", points)
  local texts = {}
  for i, point in ipairs(points) do
    local at = number("piecewise", "a step", point[1])
    texts[i] = ("{ %s, %s }"):format(show(at), show(number("piecewise", "a value", point[2])))
    if i > 1 and at <= points[i - 1][1] then
      error("schedule.piecewise: the steps must rise", 2)
    end
  end
  return new(("piecewise { %s }"):format(table.concat(texts, ", ")), function(step)
    if step <= points[1][1] then return points[1][2] end
    for i = 2, #points do
      local left, right = points[i - 1], points[i]
      if step <= right[1] then
        local x = (step - left[1]) / (right[1] - left[1])
        return left[2] * (1 - x) + right[2] * x
      end
    end
    return points[#points][2]
  end)
end

--- `value`, multiplied by `factor` after every `every` steps (0.1 if not given), as torch's StepLR.
function schedule.step(value, every, factor)
  factor = factor or 0.1
  number("step", "the value", value)
  number("step", "the factor", factor)
  if number("step", "every", every) < 1 then error("schedule.step: every must be 1 or more", 2) end
  local text = ("step(%s, %s, %s)"):format(show(value), show(every), show(factor))
  return new(text, function(step) return value * factor ^ ((step - 1) // every) end)
end

--- One schedule after another, each with its share of the steps, each as if it had those alone:
--- `chain { { 0.2, s.linear(0, 1) }, { 0.8, s.cosine(1, 0) } }`.
function schedule.chain(parts)
  list("chain", parts)
  local texts, stages, whole = {}, {}, 0
  for i, part in ipairs(parts) do
    local share = number("chain", "a share", part[1])
    if share <= 0 then error("schedule.chain: shares must be above 0", 2) end
    local stage = as_schedule("chain", part[2])
    whole = whole + share
    stages[i] = { ends = whole, schedule = stage }
    texts[i] = ("{ %s, %s }"):format(show(share), stage.text)
  end
  if math.abs(whole - 1) > 1e-9 then
    error(("schedule.chain: the shares must sum to 1, not to %s"):format(show(whole)), 2)
  end
  return new(("chain { %s }"):format(table.concat(texts, ", ")), function(step, total)
    local start = 0
    for i, stage in ipairs(stages) do
      local stop = math.floor(stage.ends * total + 0.5)
      if step <= stop or i == #stages then
        return stage.schedule.value(step - start, stop - start)
      end
      start = stop
    end
  end)
end

--- A schedule times a number or another schedule.
function schedule.scale(inner, factor)
  inner, factor = as_schedule("scale", inner), as_schedule("scale", factor)
  return new(("scale(%s, %s)"):format(inner.text, factor.text), function(step, total)
    return inner.value(step, total) * factor.value(step, total)
  end)
end

--- A schedule kept within [low, high].
function schedule.clip(inner, low, high)
  inner = as_schedule("clip", inner)
  if number("clip", "low", low) > number("clip", "high", high) then
    error("schedule.clip: low is above high", 2)
  end
  local text = ("clip(%s, %s, %s)"):format(inner.text, show(low), show(high))
  return new(text, function(step, total)
    return math.min(math.max(inner.value(step, total), low), high)
  end)
end

return schedule
