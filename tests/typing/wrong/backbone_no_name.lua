-- expect: missing-parameter
local compt = require "compt"
compt.backbone()
