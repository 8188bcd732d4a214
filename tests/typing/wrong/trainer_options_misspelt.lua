-- expect: inject-field
local compt = require "compt"
---@type compt.TrainerOptions
local options = { backbone = compt.backbone "micro", method = compt.methods.ssum {} }
options.epcohs = 3
