--- The default control of a method: learning rates with linear warm-up and decay, and a linear temperature. The control
--- of the user overrides it, knob by knob.
local schedule = require "compt.schedule"

--- `groups`: the parameter groups of the run; `stages`: the rates of stages with their own rates, by name.
return function(method, groups, stages)
  local function curve(rate)
    return rate and schedule.warmup_linear(rate, { warmup = method.warmup or 0 })
  end

  local function rate_of(group)
    local rates = method.lr or {}
    local rate = rates[group]
    -- The parameters of an operator have the rate of the private prompts by default.
    if rate == nil and group == "operator" then rate = rates.private end
    local usual, own = curve(rate), {}
    for stage, of_stage in pairs(stages) do own[stage] = curve(of_stage[group]) end
    if next(own) == nil then return usual end
    return function(step, view)
      local of_stage = own[view.stage] or usual
      return of_stage and of_stage(step, view) or 0
    end
  end

  local control = { lr = {}, top_k = method.top_k }
  for _, group in ipairs(groups) do control.lr[group] = rate_of(group) end
  if method.temperature then
    local from, to = table.unpack(method.temperature)
    control.temperature = schedule.linear(from, to)
  end
  return control
end
