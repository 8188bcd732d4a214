-- expect: param-type-mismatch
local compt = require "compt"
compt.backbone(3)
