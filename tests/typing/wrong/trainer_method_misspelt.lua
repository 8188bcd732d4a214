-- expect: undefined-field
local compt = require "compt"
local t = compt.trainer { backbone = compt.backbone "micro", method = compt.methods.ssum {} }
t:evaluat "test"
