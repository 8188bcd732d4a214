-- expect: param-type-mismatch
local compt = require "compt"
local t = compt.trainer { backbone = compt.backbone "micro", method = compt.methods.ssum {} }
t:evaluate("tset")
