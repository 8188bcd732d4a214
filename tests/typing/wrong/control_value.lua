-- expect: assign-type-mismatch
---@type compt.Control
local control = { temperature = "hot" }
