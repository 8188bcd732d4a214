--- What a table lacks: runs without a result, and a value that no run has.
local cells = require "compt.analysis.cells"
local library = require "compt.library"

local missing = {}

--- The most settings by which a missing run is named.
local MOST = 12

--- A run by its settings, with its state.
---@param run compt.Run
local function described(run)
  local parts = {}
  for key, value in sorted_pairs(run.settings) do parts[#parts + 1] = ("%s=%s"):format(key, cells.text(value)) end
  -- The settings of a run that is no cell of a grid are all that there are.
  if #parts > MOST then parts = { run.path } end
  local why = cells.is_used(run) and ", but without a value" or run.error and ": " .. run.error:match "[^\n]*" or ""
  return ("%s (%s%s)"):format(table.concat(parts, " "), run.state, why)
end

--- The missing runs, each once: those without a result, and those that have a value in no cell.
---@param grid compt.CellGrid
---@return string[]
function missing.runs(grid)
  local there, lines, listed = {}, {}, {} ---@type table<compt.Run, boolean>, string[], table<compt.Run, boolean>
  for _, runs in ipairs(cells.pooled(grid)) do
    for _, run in ipairs(runs) do there[run] = true end
  end
  for i = 1, #grid.rows do
    for j = 1, #grid.columns do
      for _, run in ipairs(cells.at(grid, i, j).expected) do
        if not there[run] and not listed[run] then listed[run], lines[#lines + 1] = true, described(run) end
      end
    end
  end
  return lines
end

--- Adds the names of the numbers in a value that a run returned: `gap.mcat`.
local function add_numbers(value, name, known)
  if type(value) == "number" and name ~= "" then known[name] = true end
  if type(value) ~= "table" then return end
  for key, item in pairs(value) do add_numbers(item, name == "" and tostring(key) or name .. "." .. tostring(key), known) end
end

---@param set table<string, boolean>
local function sorted(set)
  local list = {}
  for name in sorted_pairs(set) do list[#list + 1] = name end
  return list
end

--- Names in a list; many with the same first part are counted: `logits.* (24)`.
---@param names string[]
local function listed(names)
  local counts, parts, told = {}, {}, {} ---@type table<string, integer>, string[], table<string, boolean>
  local function first(name) return name:match "^([^.]*)%." end
  for _, name in ipairs(names) do
    local part = first(name)
    if part then counts[part] = (counts[part] or 0) + 1 end
  end
  for _, name in ipairs(names) do
    local part = first(name)
    if not part or counts[part] <= 3 then
      parts[#parts + 1] = name
    elseif not told[part] then
      told[part], parts[#parts + 1] = true, ("%s.* (%d)"):format(part, counts[part])
    end
  end
  return table.concat(parts, ", ")
end

--- Raises an error if some runs can be used, for none of them has the value of a table: it names what they have.
---@param runs compt.Runs
---@param value string|function
---@param place string
function missing.refuse(runs, value, place)
  local used = runs:where(cells.is_used)
  if #used == 0 then return end
  if type(value) == "function" then
    error(("%s: 'value' returned a number for none of the %d runs"):format(place, #used), 3)
  end
  local known, tasks, validated = {}, {}, false
  for _, run in ipairs(used) do
    for _, name in ipairs { "average", "steps", "seconds" } do known[name] = known[name] or type(run[name]) == "number" or nil end
    for task, metrics in pairs(run.metrics or {}) do
      tasks[task] = true
      for _, metric in ipairs(metrics) do known[metric] = true end
    end
    local values = {} ---@type table<any, any>
    for key, item in pairs(type(run.values) == "table" and run.values or {}) do values[key] = key ~= "scores" and item or nil end
    add_numbers(values, "", known)
    validated = validated or run.newest == nil and run.path ~= nil and library.newest(run.path) ~= nil
  end
  local hint = ""
  if next(tasks) then
    hint = ('; tasks: %s (columns = "task" shows the main metric of each)'):format(table.concat(sorted(tasks), ", "))
  elseif not known.average then
    hint = '; no run was evaluated on test rows: t:evaluate "test"'
  end
  if validated then hint = hint .. "; scores on validation rows: runs:newest()" end
  local near = library.nearest(value --[[@as string]], sorted(known))
  error(("%s: no run has a value '%s'%s; values: %s%s"):format(
    place, value, near and (" (did you mean '%s'?)"):format(near) or "", listed(sorted(known)), hint), 3)
end

return missing
