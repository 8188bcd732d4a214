-- expect: param-type-mismatch
local compt = require "compt"
compt.tasks("micro", { shots = "16" })
