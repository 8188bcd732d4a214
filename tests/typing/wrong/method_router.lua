-- expect: param-type-mismatch
local compt = require "compt"
compt.methods.ssum { router = true }
