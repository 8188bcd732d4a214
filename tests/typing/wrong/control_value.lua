-- expect: assign-type-mismatch
---@type compt.Control
local control = {}
control.temperature = "hot"
