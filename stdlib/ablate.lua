--- `compt.ablate { ... }`: calls a function of settings for every cell of a grid; see compt.AblateOptions.
local arguments = require "compt.arguments"
local cell_file = require "compt.cell_file"
local collection = require "compt.analysis.collection"
local expand = require "compt.expand"
local library = require "compt.library"

local CALL = "compt.ablate"

local optional = arguments.optional
local rules = {
  { "run", arguments.cell }, { "name", optional(arguments.name) }, { "out", optional(arguments.name) },
  { "files", optional(arguments.names) }, { "args", arguments.flag, true },
}
table.move(expand.RULES, 1, #expand.RULES, #rules + 1, rules)

return function(given)
  local o = arguments.options(CALL, given, rules)
  local run = cell_file(CALL, o.run)
  local cells = not library.is_planned() and expand.cells(CALL, o) or nil
  if cells and #cells == 0 then error(CALL .. ": no cell is left", 2) end
  return collection.of_cells(library.ablate {
    name = o.name, cells = cells, run = run, out = o.out, files = o.files, args = o.args,
  })
end
