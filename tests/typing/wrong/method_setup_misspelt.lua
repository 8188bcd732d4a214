-- expect: undefined-field
---@type compt.CustomMethod
local method = { lr = {}, build = function() return {} end }
function method.build(setup) return { loss = function() return setup:promt(3) end } end
