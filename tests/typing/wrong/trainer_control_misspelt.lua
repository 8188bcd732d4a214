-- expect: assign-type-mismatch
local compt = require "compt"
print(compt.trainer { backbone = compt.backbone "micro", method = compt.methods.ssum {}, control = { temprature = 1 } })
