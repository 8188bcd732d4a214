--- Tables of results: rows by columns over recorded settings, with means, deviations and tests.
local arguments = require "compt.arguments"
local cells = require "compt.analysis.cells"
local collection = require "compt.analysis.collection"
local differences = require "compt.analysis.differences"
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
  { "label", arguments.optional(arguments.callable) },
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

--- A key without its last component; rows with the same result are compared with each other.
---@param key any[]
local function group(key) return table.concat(key, "\0", 1, #key - 1) end

--- The baseline row of each row: the row of its group with this last component.
---@param rows any[][]
---@return table<integer, integer>
local function baselines(rows, wanted)
  local of_group, found, known = {}, {}, false
  for i, key in ipairs(rows) do
    if key[#key] == cells.text(wanted) then
      of_group[group(key)], known = i, true
    end
  end
  if not known then
    local last = {}
    for i, key in ipairs(rows) do last[i] = tostring(key[#key]) end
    error(("%s: there is no row '%s' for the baseline; rows: %s"):format(
      CALL, cells.text(wanted), table.concat(last, ", ")), 3)
  end
  for i, key in ipairs(rows) do found[i] = of_group[group(key)] end
  return found
end

--- Marks the best mean of each column in each group of rows; none if all are equal.
---@param rows any[][]
---@param entries table<integer, table<integer, compt.TableCell>>
local function mark_best(rows, entries, columns, best)
  if best == "none" then return end
  local sign = best == "max" and 1 or -1
  for j = 1, columns do
    local highest, lowest = {}, {}
    for i, key in ipairs(rows) do
      local mean, name = entries[i][j].mean, group(key)
      if mean then
        highest[name] = math.max(highest[name] or -math.huge, sign * mean)
        lowest[name] = math.min(lowest[name] or math.huge, sign * mean)
      end
    end
    for i, key in ipairs(rows) do
      local cell, name = entries[i][j], group(key)
      cell.best = cell.mean ~= nil and highest[name] > lowest[name] and sign * cell.mean == highest[name]
    end
  end
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

--- The missing runs, each once.
---@param grid compt.CellGrid
---@return string[]
local function gaps(grid)
  local lines, listed = {}, {}
  for i = 1, #grid.rows do
    for j = 1, #grid.columns do
      for _, run in ipairs(cells.at(grid, i, j).expected) do
        if run.state ~= "finished" and not listed[run.path] then
          listed[run.path] = true
          local parts = {}
          for key, value in sorted_pairs(run.settings) do
            parts[#parts + 1] = ("%s=%s"):format(key, cells.text(value))
          end
          local why = run.error and ": " .. (run.error:match "[^\n]*") or ""
          lines[#lines + 1] = ("%s (%s%s)"):format(table.concat(parts, " "), run.state, why)
        end
      end
    end
  end
  return lines
end

--- The number of runs and seeds, and warnings about missing runs and mixed settings.
---@param runs compt.Runs
---@param grid compt.CellGrid
local function notes_of(runs, grid)
  local seeds, count, finished = {}, 0, runs:finished()
  for _, run in ipairs(finished) do
    local seed = cells.text(run.settings.seed)
    if not seeds[seed] then seeds[seed], count = true, count + 1 end
  end
  local list = {}
  for seed in sorted_pairs(seeds) do list[#list + 1] = seed end
  local notes = { ("%d run%s, %d seed%s (%s)"):format(
    #finished, #finished == 1 and "" or "s", count, count == 1 and "" or "s", table.concat(list, ", ")) }
  local warnings = {}
  local missing = gaps(grid)
  if #missing > 0 then
    warnings[1] = ("%d run%s missing: %s"):format(#missing, #missing == 1 and " is" or "s are", table.concat(missing, "; ", 1, math.min(#missing, 10)))
      .. (#missing > 10 and "; ..." or "")
  end
  local mixed = {}
  for i = 1, #grid.rows do
    for j = 1, #grid.columns do
      local pooled = {}
      for k, one in ipairs(cells.at(grid, i, j).values) do pooled[k] = one.run end
      for key, values in pairs(differences.between(pooled)) do mixed[key] = mixed[key] or values end
    end
  end
  if next(mixed) then
    warnings[#warnings + 1] = "runs that differ in more than the seed share a cell: " .. differences.text(mixed)
  end
  return notes, warnings
end

--- A table of runs; see compt.TableOptions.
---@param runs compt.Runs
---@param given compt.TableOptions?
---@return compt.ResultTable
return function(runs, given)
  local o = arguments.options(CALL, given, RULES)
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
  local grid = cells.grid(runs, { rows = rows, columns = columns, value = o.value, tasks = tasks, label = o.label })
  local entries, spread = {}, false ---@type table<integer, table<integer, compt.TableCell>>, boolean
  for i = 1, #grid.rows do
    entries[i] = {}
    for j = 1, #grid.columns do
      local cell = cells.at(grid, i, j)
      local one = entry(cell.values, #cell.expected)
      entries[i][j], spread = one, spread or one.sd ~= nil
    end
  end
  mark_best(grid.rows, entries, #grid.columns, o.best)
  local notes, warnings = notes_of(runs, grid)
  local some = false
  for i = 1, #grid.rows do
    for j = 1, #grid.columns do some = some or entries[i][j].n > 0 end
  end
  if not some and #runs:finished() > 0 and type(o.value) == "string" then
    warnings[#warnings + 1] = ("no run has a number '%s'"):format(o.value)
  end
  if spread then notes[#notes + 1] = "mean ± standard deviation over seeds" end
  if o.baseline ~= nil then
    local ps, count = significance.against(grid, baselines(grid.rows, o.baseline))
    for i, row in pairs(ps) do
      for j, p in pairs(row) do entries[i][j].p = p end
    end
    notes[#notes + 1] = ("* p < 0.05, ** p < 0.01 against %s: paired t-tests over seeds (means: over tasks and seeds), Holm over %d tests")
      :format(cells.text(o.baseline), count)
  end
  return result_table {
    title = o.title, row_names = rows, column_names = columns, rows = grid.rows, columns = grid.columns, cells = entries,
    digits = o.digits, notes = notes, warnings = warnings,
  }
end
