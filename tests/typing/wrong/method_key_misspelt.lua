-- expect: inject-field
---@type compt.CustomMethod
local method = { lr = { own = 0.1 }, build = function() return {} end }
method.wamup = 0.1
