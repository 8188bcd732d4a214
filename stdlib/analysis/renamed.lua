--- Names of the user for the rows and columns of a table.
local arguments = require "compt.arguments"
local cells = require "compt.analysis.cells"
local library = require "compt.library"

local renamed = {}

renamed.NAMES = {
  text = "a table of names by setting or value",
  is = function(value)
    if type(value) ~= "table" or getmetatable(value) then return false end
    for _, name in pairs(value) do
      if type(name) ~= "string" then return false end
    end
    return true
  end,
}

---@param text string
local function note(text) library.note("note: compt.report.table: " .. text) end

--- A function that renames. What `order` has and the table has not is told; of `names`, which may serve several tables,
--- what looks like a slip.
---@param names table<any, string>?
---@param grid compt.CellGrid
---@param o compt.CellOptions
---@return fun(text: string): string
function renamed.by(names, grid, o)
  local given, there, known = {}, {}, {} ---@type table<string, string>, table<string, boolean>, string[]
  for _, list in ipairs { { o.rows, o.columns }, grid.rows, grid.columns } do
    for _, key in ipairs(list) do
      for _, part in ipairs(key) do there[part] = true end
    end
  end
  for part in sorted_pairs(there) do known[#known + 1] = part end
  for name, new in sorted_pairs(names or {}) do
    local text = cells.text(name)
    given[text] = new
    local near = not there[text] and library.nearest(text, known)
    if near then note(("'names' has '%s', which the table has not; did you mean '%s'?"):format(text, near)) end
  end
  for _, part in ipairs(o.order or {}) do
    local text = cells.text(part)
    if not there[text] then note(("'order' has '%s', which is of no row or column"):format(text)) end
  end
  return function(text) return given[text] or text end
end

---@param list string[]
---@param name fun(text: string): string
---@return string[]
function renamed.list(list, name)
  local found = {}
  for i, text in ipairs(list) do found[i] = name(text) end
  return found
end

--- Keys with their names. Raises an error if two of them become equal.
---@param keys any[][]
---@param name fun(text: string): string
---@return any[][]
function renamed.keys(keys, name)
  local found, known = {}, {}
  for i, key in ipairs(keys) do
    found[i] = renamed.list(key, name)
    local text = table.concat(found[i], ", ")
    if known[text] then
      error(("compt.report.table: 'names' gives two rows or columns the name %s"):format(arguments.show(text)), 3)
    end
    known[text] = true
  end
  return found
end

return renamed
