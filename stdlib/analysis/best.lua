--- The best mean among the cells of a column whose rows compete.
---
--- Rows compete if they answer the same question: they have the same value of each condition, which is what was asked for
--- (data, backbone, budget), and differ in how it was answered (the method and its settings, rates, anything that a script
--- calls by a name of its own). A single condition that is all that varies in the table is what the table compares, so its
--- rows compete. Rows of different tasks or seeds never do.
local cells = require "compt.analysis.cells"
local differences = require "compt.analysis.differences"

local best = {}

--- Rows that differ in one of these answer different questions.
local CONDITIONS = {
  shots = true, per = true, tasks = true, split_seed = true, backbone = true, epochs = true, steps = true, limit = true,
}
--- Rows that differ in one of these are never compared with each other.
local APART = { task = true, seed = true, data_seed = true }
--- Conditions that no row may name.
local HIDDEN = { "shots", "per", "tasks", "split_seed", "backbone", "epochs" }

---@param name string
---@return "apart"|"condition"|"free"
local function kind_of(name)
  if APART[name] then return "apart" end
  local group = name:match "^([^.]+)%." -- tasks.names, backbone.dtype
  return (CONDITIONS[name] or group == "tasks" or group == "backbone") and "condition" or "free"
end

--- A key without its last component; a baseline is a row of the same group.
---@param key any[]
function best.group(key) return table.concat(key, "\0", 1, #key - 1) end

---@param keys any[][]
---@param k integer
local function varies(keys, k)
  local first = keys[1] or {}
  for _, key in ipairs(keys) do
    if key[k] ~= first[k] then return true end
  end
  return false
end

---@class compt.Competition
---@field places integer[] -- components of a row key that rows must share to compete
---@field names string[] -- the settings of these components
---@field alone string? -- the condition that the table compares

--- Which rows compete.
---@param grid compt.CellGrid
---@param o compt.CellOptions
---@return compt.Competition
local function competition(grid, o)
  local found, conditions, free = { places = {}, names = {} }, {}, false ---@type compt.Competition, integer[], boolean
  local function add(k) found.places[#found.places + 1], found.names[#found.names + 1] = k, o.rows[k] end
  for k, name in ipairs(o.rows) do
    local kind = kind_of(name)
    if varies(grid.rows, k) then
      if kind == "apart" then add(k) end
      if kind == "condition" then conditions[#conditions + 1] = k end
      free = free or kind == "free"
    end
  end
  for k, name in ipairs(o.columns) do free = free or not APART[name] and varies(grid.columns, k) end
  if #conditions == 1 and not free then
    found.alone = o.rows[conditions[1]]
  else
    for _, k in ipairs(conditions) do add(k) end
  end
  return found
end

--- What must be equal for cells of rows that compete: conditions that the rows do not name, the seeds, and the tasks with
--- their numbers of test rows.
---@param values compt.CellValue[]
---@param alone string?
---@return table<string, string>
local function terms(values, alone)
  local sets = {} ---@type table<string, table<string, boolean>>
  local function add(name, value)
    sets[name] = sets[name] or {}
    sets[name][cells.text(value)] = true
  end
  for _, one in ipairs(values) do
    local all = one.run.path and differences.all_of(one.run) or one.run.settings
    for _, name in ipairs(HIDDEN) do
      if name ~= alone then add(name, all[name]) end
    end
    -- The steps of equal epochs depend on the rows that a seed draws.
    if all.epochs == nil and alone ~= "steps" and alone ~= "epochs" then add("steps", all.steps) end
    add("seeds", ("%s/%s"):format(cells.text(one.seed), cells.text(all.data_seed)))
    for task in pairs(one.scores or {}) do
      add("tasks of the average", task)
      add("test rows", ("%s: %s"):format(task, cells.text((one.run.counts or {})[task])))
    end
  end
  local found = {}
  for name, set in pairs(sets) do
    local list = {}
    for text in sorted_pairs(set) do list[#list + 1] = text end
    found[name] = table.concat(list, ", ")
  end
  return found
end

--- The names of what differs between cells; empty if they compete.
---@param list compt.CellValue[][]
---@param alone string?
---@return string[]
local function apart(list, alone)
  local first, found, known = nil, {}, {} ---@type table<string, string>?, string[], table<string, boolean>
  for _, values in ipairs(list) do
    local own = terms(values, alone)
    first = first or own
    for name, text in sorted_pairs(own) do
      if first[name] ~= nil and first[name] ~= text and not known[name] then
        known[name], found[#found + 1] = true, name
      end
    end
  end
  return found
end

--- Marks the best of some rows in a column. Returns why there is none, if these rows do not compete.
---@param grid compt.CellGrid
---@param entries table<integer, table<integer, compt.TableCell>>
---@param rows integer[]
---@param o { column: integer, sign: integer, alone: string? }
---@return string?
local function mark(grid, entries, rows, o)
  local highest, lowest, list = -math.huge, math.huge, {} ---@type number, number, compt.CellValue[][]
  for k, i in ipairs(rows) do
    local value = o.sign * entries[i][o.column].mean --[[@as number]]
    highest, lowest = math.max(highest, value), math.min(lowest, value)
    list[k] = cells.at(grid, i, o.column).values
  end
  if highest == lowest then return nil end
  local why = apart(list, o.alone)
  if #why > 0 then return table.concat(why, " and ") end
  for _, i in ipairs(rows) do
    local cell = entries[i][o.column]
    cell.best = cell.mean == o.sign * highest
  end
end

--- The rows of a column with a mean, by the conditions that they share.
---@param grid compt.CellGrid
---@param entries table<integer, table<integer, compt.TableCell>>
---@param places integer[]
---@return integer[][]
local function groups_of(grid, entries, j, places)
  local groups, known = {}, {} ---@type integer[][], table<string, integer[]>
  for i, key in ipairs(grid.rows) do
    local mean, shared = entries[i][j].mean, {}
    for n, k in ipairs(places) do shared[n] = key[k] end
    local name = table.concat(shared, "\0")
    if mean and mean == mean then
      if not known[name] then
        known[name] = {}
        groups[#groups + 1] = known[name]
      end
      table.insert(known[name], i)
    end
  end
  return groups
end

--- Marks the best mean of each column among the rows that compete; none if all are equal. Returns what a mark says, and
--- notes about columns without one.
---@param grid compt.CellGrid
---@param entries table<integer, table<integer, compt.TableCell>>
---@param kind "max"|"min"|"none"
---@param o compt.CellOptions
---@return string, string[]
function best.mark(grid, entries, kind, o)
  if kind == "none" then return "best", {} end
  local among, sign = competition(grid, o), kind == "max" and 1 or -1
  local skipped, order = {}, {} ---@type table<string, integer>, string[]
  for j = 1, #grid.columns do
    local reasons, several, count = {}, false, 0 ---@type table<string, boolean>, boolean, integer
    for _, rows in ipairs(groups_of(grid, entries, j, among.places)) do
      count, several = count + #rows, several or #rows > 1
      local why = #rows > 1 and mark(grid, entries, rows, { column = j, sign = sign, alone = among.alone })
      if why then reasons[why] = true end
    end
    if count > 1 and not several then reasons[table.concat(among.names, " and ")] = true end
    for why in sorted_pairs(reasons) do
      if not skipped[why] then order[#order + 1] = why end
      skipped[why] = (skipped[why] or 0) + 1
    end
  end
  local notes = {}
  for n, why in ipairs(order) do
    notes[n] = ("no best in %d column%s: the rows differ in their %s"):format(skipped[why], skipped[why] == 1 and "" or "s", why)
  end
  local meaning = kind == "max" and "best" or "best (lowest)"
  if #among.names > 0 then
    meaning = ("%s of the rows with the same %s"):format(meaning, table.concat(among.names, " and "))
  end
  return meaning, notes
end

return best
