-- expect: undefined-field
---@type compt.CustomMethod
local method = { lr = { own = 0.1 }, build = function(setup) return { loss = setup:promt(3) } end }
