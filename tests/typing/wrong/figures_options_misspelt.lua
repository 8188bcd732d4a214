-- expect: inject-field
---@type compt.BoxesOptions
local options = {}
options.valeu = "average"
