---@meta compt.library
local library = {}

---@param kind string
---@param name string
---@param list string[]
---@param place string
function library.known(kind, name, list, place) end

---@param folder string
---@return string[]
function library.modules(folder) end

return library
