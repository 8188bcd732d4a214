--- Runs sorted into the cells of a table: rows and columns are settings, or the tasks.
local arguments = require "compt.arguments"

local cells = {}

--- The column, or row, of the mean over tasks.
cells.AVERAGE = "average"

--- A setting as text, on one line.
function cells.text(value)
  if value == nil then return "-" end
  if type(value) == "table" and #value > 0 then
    local parts = {}
    for i, part in ipairs(value) do parts[i] = cells.text(part) end
    value = table.concat(parts, ",")
  end
  return ((type(value) == "string" and value or arguments.show(value)):gsub("%s+", " "))
end

--- Whether a setting is determined by another one: runs with equal values of that one have equal values of this one.
---@param runs compt.Run[]
local function follows(runs, name, other)
  local known = {}
  for _, run in ipairs(runs) do
    local key, value = cells.text(run.settings[other]), cells.text(run.settings[name])
    if known[key] and known[key] ~= value then return false end
    known[key] = value
  end
  return true
end

--- The settings that vary independently, without seeds: the method first. A setting that an earlier one determines is
--- omitted.
---@param runs compt.Runs
---@return string[]
function cells.independent(runs)
  local varying, found = {}, {}
  for _, name in ipairs(runs:varying()) do
    if name == "method" then
      table.insert(varying, 1, name)
    elseif name ~= "seed" and name ~= "data_seed" then
      varying[#varying + 1] = name
    end
  end
  for _, name in ipairs(varying) do
    local new = true
    for _, other in ipairs(found) do new = new and not follows(runs, name, other) end
    if new then found[#found + 1] = name end
  end
  return found
end

--- A setting that all runs have: the method if they have one, else the first by name, seeds last.
---@param runs compt.Runs
---@return string
function cells.common(runs)
  local first, seed ---@type string?, string?
  for _, run in ipairs(runs) do
    for key in pairs(run.settings) do
      if key == "method" then return key end
      if key == "seed" or key == "data_seed" then
        seed = key
      else
        first = (first == nil or key < first) and key or first
      end
    end
  end
  return first or seed or "method"
end

--- Whether tables and figures use the scores of a run: those of finished runs, and of `runs:newest()`.
---@param run compt.Run
function cells.is_used(run) return run.newest ~= nil or run.state == "finished" end

--- A number by its path in a run or in the value it returned: `average`, `gap.mcat`.
---@param run compt.Run
---@param name string
---@return number?
function cells.number(run, name)
  for _, from in ipairs { run, run.values or {} } do
    local value = from --[[@as any]]
    for part in name:gmatch "[^.]+" do
      value = type(value) == "table" and value[tonumber(part) or part] or nil
    end
    if type(value) == "number" then return value end
  end
end

--- The main metric of a task.
---@param run compt.Run
---@param task string
---@return string?
function cells.main(run, task)
  local names = (run.metrics or {})[task] or {}
  return names[1]
end

--- Scores of a finished run by a metric, and the metric of each task; default: the main metric of each task.
---@param run compt.Run
---@param metric string
---@return table<string, number>, table<string, string>
local function by_task(run, metric)
  local found, metrics = {}, {}
  for task, scores in pairs(run.scores or {}) do
    if type(scores) ~= "table" then scores = {} end
    metrics[task] = metric == "average" and cells.main(run, task) or metric
    found[task] = scores[metrics[task]]
  end
  return found, metrics
end

---@class compt.CellValue
---@field value number
---@field seed any
---@field run compt.Run
---@field scores table<string, number>? -- by task, if the value is one of them or their mean
---@field metrics table<string, string>? -- the metric of each score

---@class compt.CellOptions
---@field rows string[]
---@field columns string[]
---@field value any -- a name, or fun(run: compt.Run): number?
---@field tasks boolean
---@field label? fun(run: compt.Run): table<string, any>
---@field order? any[] -- values in their order in rows and columns

---@class compt.GridCell
---@field values compt.CellValue[]
---@field expected compt.Run[] -- all runs of the cell, finished or not

---@class compt.CellGrid
---@field rows any[][]
---@field columns any[][]
---@field cells table<integer, table<integer, compt.GridCell>> -- by row and column

--- The values of a run for the cells: { [task or ""] = value }.
---@param run compt.Run
---@param o compt.CellOptions
---@return table<string, compt.CellValue>
local function given(run, o)
  local seed, found = run.settings.seed, {}
  local value = type(o.value) == "function" and o.value(run) or nil
  if type(o.value) == "string" then value = cells.number(run, o.value --[[@as string]]) end
  local scores, metrics = {}, {} ---@type table<string, number>, table<string, string>
  if type(o.value) == "string" then
    scores, metrics = by_task(run, o.value --[[@as string]])
  end
  if o.tasks then
    for task, score in pairs(scores) do
      found[task] = { value = score, seed = seed, run = run, scores = { [task] = score }, metrics = metrics }
    end
  end
  if value then
    local mean = o.value == "average" and next(scores) ~= nil
    found[o.tasks and cells.AVERAGE or ""] =
      { value = value, seed = seed, run = run, scores = mean and scores or nil, metrics = metrics }
  end
  return found
end

---@param names string[]
---@return any[]
local function key_of(entry, names, task)
  local key = {}
  for i, name in ipairs(names) do
    local own = entry.labels[name]
    if own == nil then own = entry.run.settings[name] end
    if name == "task" then key[i] = task else key[i] = cells.text(own) end
  end
  return key
end

--- Sorts keys by their components: those of `order` first, in its order; then numbers by value, words by first occurrence,
--- the average last.
---@param keys any[][]
---@param order any[]?
local function sort(keys, order)
  local ranks, places = {}, {}
  for i, part in ipairs(order or {}) do places[cells.text(part)] = i end
  for _, key in ipairs(keys) do
    for i, part in ipairs(key) do
      ranks[i] = ranks[i] or { count = 0 }
      if not ranks[i][part] then
        ranks[i].count = ranks[i].count + 1
        ranks[i][part] = part == cells.AVERAGE and math.huge or ranks[i].count
      end
    end
  end
  table.sort(keys, function(a, b)
    for i, x in ipairs(a) do
      local y = b[i]
      if x ~= y then
        local a_place, b_place = places[x] or math.huge, places[y] or math.huge
        if a_place ~= b_place then return a_place < b_place end
        local m, n = tonumber(x), tonumber(y)
        if m and n and m ~= n then return m < n end
        if (m == nil) ~= (n == nil) then return m ~= nil end
        return ranks[i][x] < ranks[i][y]
      end
    end
    return false
  end)
end

--- An axis of the table: its keys, and the index of each.
---@param found any[][]
---@param order any[]?
---@return any[][], table<string, integer>
local function axis(found, order)
  local keys, known = {}, {}
  for _, key in ipairs(found) do
    local text = table.concat(key, "\0")
    if not known[text] then
      known[text] = true
      keys[#keys + 1] = key
    end
  end
  sort(keys, order)
  local place = {}
  for i, key in ipairs(keys) do place[table.concat(key, "\0")] = i end
  return keys, place
end

--- Sorts runs by rows and columns.
---@param runs compt.Run[]
---@param o compt.CellOptions
---@return compt.CellGrid
function cells.grid(runs, o)
  local entries, row_keys, column_keys, tasks = {}, {}, {}, {}
  for _, run in ipairs(runs) do
    local found = cells.is_used(run) and given(run, o) or {}
    for task in pairs(found) do tasks[task] = true end
    entries[#entries + 1] = { run = run, found = found, labels = o.label and o.label(run) or {} }
  end
  if next(tasks) == nil then tasks[o.tasks and cells.AVERAGE or ""] = true end
  for _, entry in ipairs(entries) do
    for task in sorted_pairs(tasks) do
      row_keys[#row_keys + 1] = key_of(entry, o.rows, task)
      column_keys[#column_keys + 1] = key_of(entry, o.columns, task)
    end
  end
  local rows, row_place = axis(row_keys, o.order)
  local columns, column_place = axis(column_keys, o.order)
  local grid = { rows = rows, columns = columns, cells = {} }
  for i = 1, #rows do
    grid.cells[i] = {}
    for j = 1, #columns do grid.cells[i][j] = { values = {}, expected = {} } end
  end
  for _, entry in ipairs(entries) do
    for task in sorted_pairs(tasks) do
      local i = row_place[table.concat(key_of(entry, o.rows, task), "\0")]
      local j = column_place[table.concat(key_of(entry, o.columns, task), "\0")]
      local cell = cells.at(grid, i --[[@as integer]], j --[[@as integer]])
      table.insert(cell.expected, entry.run)
      if entry.found[task] then table.insert(cell.values, entry.found[task]) end
    end
  end
  return grid
end

--- The cell of a row and a column.
---@param grid compt.CellGrid
---@param i integer
---@param j integer
---@return compt.GridCell
function cells.at(grid, i, j) return grid.cells[i][j] end

--- The runs of each cell that have a value.
---@param grid compt.CellGrid
---@return compt.Run[][]
function cells.pooled(grid)
  local found = {}
  for i = 1, #grid.rows do
    for j = 1, #grid.columns do
      local runs = {}
      for k, one in ipairs(cells.at(grid, i, j).values) do runs[k] = one.run end
      found[#found + 1] = runs
    end
  end
  return found
end

return cells
