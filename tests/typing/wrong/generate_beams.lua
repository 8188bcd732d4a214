-- expect: assign-type-mismatch
local compt = require "compt"
compt.backbone("micro"):generate { text = "a", num_beams = "2" }
