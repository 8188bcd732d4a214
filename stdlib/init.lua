--- `require "compt"`: the native modules, and the modules of the library, which are loaded on first use.
local compt = require "compt.native" ---@type table<string, any>

--- The options of the command line: `args` (the values of `--set key=value`), `out` (nil without `--out`) and `seed` (0
--- without `--seed`).
for name, value in pairs(require "compt.session") do compt[name] = value end

--- Modules of the library that are fields of `compt`.
---@type table<string, string?>
local modules = {
  ablate = "compt.ablate",
  curriculum = "compt.curriculum",
  methods = "compt.methods",
  figures = "compt.figures",
  grid = "compt.grid",
  report = "compt.report",
  runs = "compt.runs",
  search = "compt.search",
  schedule = "compt.schedule",
  statistics = "compt.statistics",
}

--- An unknown name is an error that names the nearest known one. `out` can be nil.
return setmetatable(compt, {
  __index = function(_, name)
    if modules[name] then
      compt[name] = require(modules[name])
      return compt[name]
    elseif name ~= "out" then
      local known = {} ---@type string[]
      for key in pairs(compt) do known[#known + 1] = key end
      for key in pairs(modules) do known[#known + 1] = key end
      require("compt.library").known("name", tostring(name), known, "compt")
    end
  end,
})
