-- expect: inject-field
---@type compt.TableOptions
local options = { rows = "method" }
options.colums = "task"
