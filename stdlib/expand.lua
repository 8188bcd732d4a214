--- Expands the options of a grid to its cells, for `compt.grid` and `compt.ablate`.
local arguments = require "compt.arguments"

local expand = {}

local a_function, a_table, optional = arguments.callable, arguments.plain_table, arguments.optional

--- The options of a grid.
expand.RULES = {
  { "settings", a_table, {} }, { "grid", a_table, {} }, { "zip", a_table, {} }, { "list", optional(a_table) },
  { "where", optional(a_function) }, { "derive", optional(a_function) },
}

---@param ... table<string, any>
---@return table<string, any>
local function joined(...)
  local all = {}
  for _, settings in ipairs { ... } do
    for key, value in pairs(settings) do all[key] = value end
  end
  return all
end

--- A list of values; a single value counts as a list.
local function values_of(call, key, value)
  if type(value) ~= "table" then return { value } end
  return arguments.list(("%s: grid.%s"):format(call, key), value, 5)
end

--- All combinations. Seeds vary slowest, so that a full set of runs with the first seed is finished early.
---@param grid table<string, any>
---@return table<string, any>[]
local function product(call, grid)
  local names = {}
  for key in sorted_pairs(grid) do
    if key ~= "seed" then names[#names + 1] = key end
  end
  if grid.seed ~= nil then table.insert(names, 1, "seed") end
  local cells = { {} }
  for _, name in ipairs(names) do
    local longer = {}
    for _, cell in ipairs(cells) do
      for _, value in ipairs(values_of(call, name, grid[name])) do
        longer[#longer + 1] = joined(cell, { [name] = value })
      end
    end
    cells = longer
  end
  return cells
end

--- The first values together, the second ones together, and so on.
---@param zip table<string, any[]>
---@return table<string, any>[]
local function zipped(call, zip)
  local cells, first, length = {}, nil, nil ---@type table<string, any>[], string?, integer?
  for name, list in sorted_pairs(zip) do
    arguments.list(("%s: zip.%s"):format(call, name), list, 4)
    if length and #list ~= length then
      error(("%s: zip.%s has %d values, zip.%s %d: lengths must be equal"):format(call, name, #list, first, length), 3)
    end
    first, length = name, #list
    for i, value in ipairs(list) do
      cells[i] = cells[i] or {}
      cells[i][name] = value
    end
  end
  return length and cells or { {} }
end

--- All cells; see compt.GridOptions.
---@param call string -- the function that was called, for messages
---@param o table<string, any> -- checked against RULES
---@return table<string, any>[]
function expand.cells(call, o)
  local cells = {}
  for _, one in ipairs(product(call, o.grid)) do
    for _, two in ipairs(zipped(call, o.zip)) do
      for _, three in ipairs(o.list or { {} }) do
        local settings = joined(o.settings, one, two, three)
        if not o.where or o.where(settings) then
          cells[#cells + 1] = joined(settings, o.derive and o.derive(joined(settings)) or {})
        end
      end
    end
  end
  return cells
end

return expand
