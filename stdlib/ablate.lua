--- `compt.ablate { ... }`: a function of settings, run for every cell of a grid.
local arguments = require "compt.arguments"
local collection = require "compt.analysis.collection"
local grid = require "compt.grid"
local library = require "compt.library"

local CALL = "compt.ablate"

local a_function = {
  text = "a function",
  is = function(value) return type(value) == "function" end,
}

local RULES = {
  { "run", a_function }, { "name", arguments.optional(arguments.name) }, { "out", arguments.optional(arguments.name) },
  { "files", arguments.optional(arguments.names) }, { "args", arguments.flag, true },
}

local OPTIONS = {
  "run", "name", "out", "files", "args", "settings", "grid", "zip", "list", "where", "derive",
}

--- Runs `run(settings)` for every cell of a grid; see compt.AblateOptions.
return function(given)
  local own, of_grid = {}, {}
  for key in pairs(type(given) == "table" and given or {}) do library.known("option", tostring(key), OPTIONS, CALL) end
  for key, value in pairs(given or {}) do
    local is_own = key == "run" or key == "name" or key == "out" or key == "files" or key == "args"
    if is_own then own[key] = value else of_grid[key] = value end
  end
  local o = arguments.options(CALL, own, RULES)
  local cells = grid(of_grid)
  if #cells == 0 then error(CALL .. ": no cell is left", 2) end
  return collection.of_cells(library.ablate {
    name = o.name, cells = cells, run = o.run, out = o.out, files = o.files, args = o.args,
  })
end
