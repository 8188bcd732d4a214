-- expect: param-type-mismatch
local compt = require "compt"
compt.backbone("micro", { dtype = "float23" })
