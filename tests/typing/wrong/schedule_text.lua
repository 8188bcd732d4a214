-- expect: param-type-mismatch
local compt = require "compt"
compt.schedule.linear("5", 0)
