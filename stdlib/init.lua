--- `require "compt"`: the runtime's own parts, and the library's modules, loaded when first named.
local compt = require "compt.native"

--- The values of `--set key=value`.
compt.args = require "compt.args"

--- Modules of the library that are fields of `compt`.
local modules = { methods = "compt.methods", schedule = "compt.schedule" }

return setmetatable(compt, {
  __index = function(_, name)
    if modules[name] then
      compt[name] = require(modules[name])
      return compt[name]
    end
  end,
})
