-- expect: inject-field
---@type compt.OperatorTable
local operator = { compose = function(private) return private end }
operator.paramters = {}
