-- expect: param-type-mismatch
local compt = require "compt"
compt.tasks("micro"):size("nli3", "dev")
