--- The control a method brings along: its rates under linear warm-up and decay, its temperature
--- from the first step to the last. A control of the user's own wins, knob by knob.
local schedule = require "compt.schedule"

--- `groups`: the parameter groups there are to be steered; `stages`: the rates of stages that have
--- their own, by the stage's name.
return function(method, groups, stages)
  local function curve(rate)
    return rate and schedule.warmup_linear(rate, { warmup = method.warmup or 0 })
  end

  local function rate_of(group)
    local rates = method.lr or {}
    local rate = rates[group]
    -- An operator's own parameters go with the private prompts, unless they have a rate.
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
