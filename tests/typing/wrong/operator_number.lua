-- expect: param-type-mismatch
local compt = require "compt"
compt.compose.define("x", 3)
