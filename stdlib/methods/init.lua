--- `compt.methods.<name> { options }`: one module per method, loaded on first use.
local library = require "compt.library"

--- Modules of this folder that are not methods.
local tools = { init = true, check = true, declare = true, define = true, control = true, options = true, parts = true }

local names = {}
for _, name in ipairs(library.modules "methods") do
  if not tools[name] then names[#names + 1] = name end
end

return setmetatable({}, {
  __pairs = function(methods)
    for _, name in ipairs(names) do local _ = methods[name] end
    return next, methods, nil
  end,
  __index = function(methods, name)
    library.known("method", name, names, "compt.methods")
    local method = require("compt.methods." .. name)
    rawset(methods, name, method)
    return method
  end,
})
