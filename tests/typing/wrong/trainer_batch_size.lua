-- expect: assign-type-mismatch
local compt = require "compt"
compt.trainer { backbone = compt.backbone "micro", method = compt.methods.ssum {}, batch_size = "16" }
