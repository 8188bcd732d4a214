-- expect: param-type-mismatch
local compt = require "compt"
compt.schedule.warmup_linear(0.1, { warmup = "0.2" })
