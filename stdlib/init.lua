--- `require "compt"`: the runtime's own parts, and the library's modules, loaded when first named.
local compt = {}

--- The values of `--set key=value`.
compt.args = require "compt.args"

return compt
