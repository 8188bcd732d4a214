--- The control a method brings along: its rates under linear warm-up and decay, its temperature
--- from the first step to the last. A control of the user's own wins, knob by knob.
local schedule = require "compt.schedule"

--- `groups`: the parameter groups there are to be steered.
return function(method, groups)
  local rates = method.lr or {}
  local lr = {}
  for _, group in ipairs(groups) do
    if rates[group] then
      lr[group] = schedule.warmup_linear(rates[group], { warmup = method.warmup or 0 })
    end
  end
  local control = { lr = lr }
  if method.temperature then
    local from, to = table.unpack(method.temperature)
    control.temperature = schedule.linear(from, to)
  end
  return control
end
