---@meta compt.session

---@type { args: table<string, any>, out: string?, seed: integer }
local session
return session
