--- `compt.methods.<name> { options }`: one module a method, loaded when first named.
local native = require "compt.native"

--- What methods are made with, in the same folder.
local tools = { init = true, declare = true, control = true }

local names = {}
for _, name in ipairs(native.modules "methods") do
  if not tools[name] then names[#names + 1] = name end
end

return setmetatable({}, {
  __index = function(methods, name)
    native.known("method", name, names, "compt.methods")
    local method = require("compt.methods." .. name)
    rawset(methods, name, method)
    return method
  end,
})
