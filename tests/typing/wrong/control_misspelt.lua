-- expect: inject-field
---@type compt.Control
local control = {}
control.temprature = 1
