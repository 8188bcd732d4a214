--- `compt.grid { ... }`: the cells of a grid as a list of settings; see compt.GridOptions.
local arguments = require "compt.arguments"
local expand = require "compt.expand"

local CALL = "compt.grid"

return function(given) return expand.cells(CALL, arguments.options(CALL, given, expand.RULES)) end
