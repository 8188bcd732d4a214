--- `require "compt"`: the runtime's own parts, and the library's modules, loaded when first named.
local compt = require "compt.native"

return compt
