--- `compt.methods.<name> { options }`: one module a method, loaded when first named.
local native = require "compt.native"

return setmetatable({}, {
  __index = function(methods, name)
    native.known("method", name, native.modules "methods", "compt.methods")
    local method = require("compt.methods." .. name)
    rawset(methods, name, method)
    return method
  end,
})
