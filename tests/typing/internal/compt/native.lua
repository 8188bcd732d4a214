---@meta compt.native
-- What the library's own files see of the host, which scripts do not.

---@type compt
local native
return native
