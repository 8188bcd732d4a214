--- Tables of results: rows by columns over recorded settings, with means, deviations and tests.
local arguments = require "compt.arguments"
local best = require "compt.analysis.best"
local cells = require "compt.analysis.cells"
local collection = require "compt.analysis.collection"
local differences = require "compt.analysis.differences"
local missing = require "compt.analysis.missing"
local renamed = require "compt.analysis.renamed"
local result_table = require "compt.analysis.result_table"
local significance = require "compt.analysis.significance"
local statistics = require "compt.statistics"

local CALL = "compt.report.table"

local names = {
  text = "a setting's name, or a list of them",
  is = function(value) return arguments.name.is(value) or arguments.names.is(value) end,
}
local RULES = {
  { "rows", arguments.optional(names) }, { "columns", arguments.optional(names) }, { "value", arguments.name_or_function, "average" },
  { "baseline", arguments.optional(arguments.any) }, { "best", arguments.one_of { "max", "min", "none" }, "max" },
  { "digits", arguments.whole(0), 1 }, { "title", arguments.optional(arguments.name) },
  { "label", arguments.optional(arguments.callable) }, { "claim", arguments.one_of { "these tasks", "tasks" }, "these tasks" },
  { "effects", arguments.flag, true }, { "names", arguments.optional(renamed.NAMES) }, { "order", arguments.optional(arguments.sequence) },
}

---@param value string|string[]
---@return string[]
local function list_of(value)
  if type(value) == "table" then return value end
  return { value } --[[@as string[] ]]
end

--- Default rows and columns: the settings that vary independently, without seeds; and the tasks.
---@param runs compt.Runs
local function by_default(runs)
  local varying = cells.independent(runs)
  if #varying == 0 then varying = { cells.common(runs) } end
  return varying, { "task" }
end

---@param list string[]
---@param wanted string
local function has(list, wanted)
  for _, name in ipairs(list) do
    if name == wanted then return true end
  end
  return false
end

--- The baseline row of each row: the row of its group with this last component. `extra` components before the last tell
--- pooled runs apart; a baseline without them serves all rows that differ in them.
---@param rows any[][]
---@param extra integer
---@return table<integer, integer>
local function baselines(rows, wanted, extra)
  local of_group, alone, found, known = {}, {}, {}, false
  local function without(key) return table.concat(key, "\0", 1, #key - 1 - extra) end
  for i, key in ipairs(rows) do
    if key[#key] == cells.text(wanted) then
      known, of_group[best.group(key)] = true, i
      alone[without(key)] = alone[without(key)] == nil and i
    end
  end
  if not known then
    local last, listed = {}, {} ---@type string[], table<string, boolean>
    for _, key in ipairs(rows) do
      local name = tostring(key[#key])
      if not listed[name] then last[#last + 1], listed[name] = name, true end
    end
    error(("%s: there is no row '%s' for the baseline, which is a value of the last setting in 'rows'; rows: %s"):format(
      CALL, cells.text(wanted), table.concat(last, ", ")), 3)
  end
  for i, key in ipairs(rows) do
    local is_one = key[#key] == cells.text(wanted)
    found[i] = of_group[best.group(key)] or not is_one and alone[without(key)] or nil
  end
  return found
end

---@param values compt.CellValue[]
---@param expected integer
---@return compt.TableCell
local function entry(values, expected)
  local list = {}
  for i, one in ipairs(values) do list[i] = one.value end
  local there = #list > 0
  return {
    mean = there and statistics.mean(list) or nil, sd = #list > 1 and statistics.sd(list) or nil, n = #list,
    expected = expected, values = list,
  }
end

--- The number of runs and seeds, and warnings about missing runs and mixed settings.
---@param runs compt.Runs
---@param grid compt.CellGrid
local function notes_of(runs, grid)
  local seeds, count, finished = {}, 0, runs:where(cells.is_used)
  for _, run in ipairs(finished) do
    local seed = cells.text(run.settings.seed)
    if not seeds[seed] then seeds[seed], count = true, count + 1 end
  end
  local list = {}
  for seed in sorted_pairs(seeds) do list[#list + 1] = seed end
  table.sort(list, function(a, b)
    local x, y = tonumber(a), tonumber(b)
    if x and y and x ~= y then return x < y end
    if (x == nil) ~= (y == nil) then return x ~= nil end
    return a < b
  end)
  local notes = {} ---@type string[]
  notes[1] = ("%d run%s, %d seed%s (%s)"):format(
    #finished, #finished == 1 and "" or "s", count, count == 1 and "" or "s", table.concat(list, ", "))
  notes[#notes + 1] = collection.about_newest(runs)
  local warnings = {}
  local gaps = missing.runs(grid)
  if #gaps > 0 then
    warnings[1] = ("%d run%s missing: %s"):format(#gaps, #gaps == 1 and " is" or "s are", table.concat(gaps, "; ", 1, math.min(#gaps, 10)))
      .. (#gaps > 10 and "; ..." or "")
  end
  local mixed = {}
  for _, pooled in ipairs(cells.pooled(grid)) do
    for key, values in pairs(differences.between(pooled)) do mixed[key] = mixed[key] or values end
  end
  if next(mixed) then
    warnings[#warnings + 1] = "runs of one cell differ in more than the seed: " .. differences.text(mixed)
  end
  return notes, warnings
end

--- The cells of a table. Runs of one cell that differ in a setting other than the seed get rows of their own: the names of
--- such settings stand before the last name of `rows`, and are returned.
---@param runs compt.Runs
---@param o compt.CellOptions
---@return compt.CellGrid, string[]
local function split_grid(runs, o)
  local grid = cells.grid(runs, o)
  local extra = differences.splitting(cells.pooled(grid))
  if #extra == 0 then return grid, extra end
  local rows, given = table.move(o.rows, 1, #o.rows, 1, {}), o.label
  for i, name in ipairs(extra) do table.insert(rows, #o.rows - 1 + i, name) end
  o.rows = rows
  o.label = function(run)
    local labels, all = {}, differences.all_of(run)
    for _, name in ipairs(extra) do labels[name] = all[name] end
    for name, value in pairs(given and given(run) or {}) do labels[name] = value end
    return labels
  end
  return cells.grid(runs, o), extra
end

--- Adds effects and p values to the cells, and what was tested to the notes.
---@param grid compt.CellGrid
---@param entries table<integer, table<integer, compt.TableCell>>
---@param notes string[]
---@param o { name: string, claim: "these tasks"|"tasks", rows: table<integer, integer> }
local function add_tests(grid, entries, notes, o)
  local tested = significance.against(grid, o.rows, { name = o.name, claim = o.claim })
  for i, row in pairs(tested.at) do
    for j, one in pairs(row) do
      local cell = entries[i][j]
      cell.effect, cell.low, cell.high, cell.p, cell.test = one.effect, one.low, one.high, one.p, one.p and one.test
    end
  end
  table.move(tested.notes, 1, #tested.notes, #notes + 1, notes)
end

--- A table of runs; see compt.TableOptions.
---@param runs compt.Runs
---@param given compt.TableOptions?
---@return compt.ResultTable
return function(runs, given)
  collection.check(runs, CALL)
  if #runs == 0 then error(CALL .. ": there are no runs", 2) end
  local o = arguments.options(CALL, given, RULES)
  if o.baseline ~= nil and collection.about_newest(runs) then
    error(CALL .. ": 'baseline' compares answers to test rows, and runs:newest() has scores on validation rows", 2)
  end
  local rows, columns = o.rows, o.columns
  if not rows then
    local varying, tasks = by_default(runs)
    rows, columns = varying, columns or tasks
  end
  rows, columns = list_of(rows), columns and list_of(columns) or {}
  for _, names_of in ipairs { rows, columns } do
    for _, name in ipairs(names_of) do
      if name ~= "task" and not o.label then collection.check_setting(runs, name, CALL) end
    end
  end
  local tasks = has(rows, "task") or has(columns, "task")
  local options = { rows = rows, columns = columns, value = o.value, tasks = tasks, label = o.label, order = o.order }
  local grid, extra = split_grid(runs, options)
  local entries, spread, some = {}, false, false ---@type table<integer, table<integer, compt.TableCell>>, boolean, boolean
  for i = 1, #grid.rows do
    entries[i] = {}
    for j = 1, #grid.columns do
      local cell = cells.at(grid, i, j)
      local one = entry(cell.values, #cell.expected)
      entries[i][j], spread, some = one, spread or one.sd ~= nil, some or one.n > 0
    end
  end
  if not some then missing.refuse(runs, o.value, CALL) end
  local notes, warnings = notes_of(runs, grid)
  if spread then notes[#notes + 1] = "mean ± standard deviation over seeds" end
  if #extra > 0 then notes[#notes + 1] = "runs that differ in " .. table.concat(extra, ", ") .. " have rows of their own" end
  local meaning, skipped = best.mark(grid, entries, o.best --[[@as any]], options)
  table.move(skipped, 1, #skipped, #notes + 1, notes)
  local name = renamed.by(o.names, grid, options)
  local baseline = o.baseline ~= nil and name(cells.text(o.baseline)) or nil
  if baseline then
    add_tests(grid, entries, notes, { name = baseline, claim = o.claim --[[@as any]], rows = baselines(grid.rows, o.baseline, #extra) })
  end
  return result_table {
    title = o.title, row_names = renamed.list(options.rows, name), column_names = renamed.list(columns, name),
    rows = renamed.keys(grid.rows, name), columns = renamed.keys(grid.columns, name), cells = entries, best = meaning,
    digits = o.digits, notes = notes, warnings = warnings, baseline = baseline, effects = baseline ~= nil and o.effects,
  }
end
