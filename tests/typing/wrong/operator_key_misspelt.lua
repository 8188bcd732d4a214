-- expect: param-type-mismatch
local compt = require "compt"
compt.compose.define("x", { paramters = {}, compose = function(private) return private end })
