-- expect: param-type-mismatch
local compt = require "compt"
print(compt.schedule.warmup_linear(0.1, { wamup = 0.2 }))
