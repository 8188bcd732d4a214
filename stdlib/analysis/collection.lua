--- A list of runs that can be filtered: the result of `compt.ablate` and `compt.runs`.
local arguments = require "compt.arguments"
local library = require "compt.library"

local collection = {}

---@class compt.Runs
local Runs = {}
Runs.__index = Runs
Runs.__name = "runs"

---@param list compt.Run[]
---@return compt.Runs
local function of(list) return setmetatable(list, Runs) --[[@as compt.Runs]] end

--- Reports a run that cannot be used.
---@param run compt.Run
local function skipped(run)
  local why = run.error and ": " .. run.error or ""
  library.note(("note: %s is skipped: %s%s"):format(run.path, run.state, why))
end

--- The runs of the cells of a grid, unfinished ones included, with their settings.
---@param rows compt.Run[]
---@return compt.Runs
function collection.of_cells(rows)
  local list, paths = {}, {}
  for _, row in ipairs(rows) do
    if row.state ~= "missing" then paths[#paths + 1] = row.path end
  end
  local read = {} ---@type table<string, compt.Run>
  for _, run in ipairs(library.runs(paths)) do read[run.path] = run end
  for i, row in ipairs(rows) do
    local run = read[row.path] or row
    run.settings = row.settings
    if run.state == "damaged" then
      skipped(run)
    else
      run.state, run.error = row.state, row.error
    end
    list[i] = run
  end
  return of(list)
end

--- The runs in some folders and their subfolders; damaged folders and those of other programs are reported and skipped.
---@param paths string|string[]
---@return compt.Runs
function collection.read(paths)
  if type(paths) == "string" then paths = { paths } end
  arguments.check("compt.runs", "paths", paths, arguments.names)
  local list = {}
  for _, run in ipairs(library.runs(paths)) do
    local state = run.state --[[@as string]]
    if state == "damaged" or state == "foreign" then
      skipped(run)
    else
      list[#list + 1] = run
    end
  end
  return of(list)
end

--- Whether a setting has a value, or one of a list of values.
local function is_one(setting, wanted)
  if type(wanted) ~= "table" then return setting == wanted end
  for _, value in ipairs(wanted) do
    if setting == value then return true end
  end
  return false
end

--- Tells of settings that no run has with the wanted value.
---@param runs compt.Run[]
---@param wanted table<string, any>
local function tell_unmet(runs, wanted)
  for key, value in sorted_pairs(wanted) do
    local met, known, values = false, {}, {} ---@type boolean, table<string, true?>, string[]
    for _, run in ipairs(runs) do
      met = met or is_one(run.settings[key], value)
      local text = arguments.show(run.settings[key])
      if not known[text] then known[text], values[#values + 1] = true, text end
    end
    if not met and #values > 0 then
      local shown = table.concat(values, ", ", 1, math.min(#values, 8)) .. (#values > 8 and ", ..." or "")
      library.note(("note: runs:where: no run has %s = %s; there are %s"):format(key, arguments.show(value), shown))
    end
  end
end

--- The runs for which a function returns true, or that have these settings.
---@param wanted fun(run: compt.Run): any
---@return compt.Runs
---@overload fun(self: compt.Runs, wanted: table<string, any>): compt.Runs
function Runs:where(wanted)
  local is = wanted
  if type(wanted) == "table" then
    for key in pairs(wanted) do collection.check_setting(self, key, "runs:where") end
    is = function(run)
      for key, value in pairs(wanted) do
        if not is_one(run.settings[key], value) then return false end
      end
      return true
    end
  end
  local list = {}
  for _, run in ipairs(self) do
    if is(run) then list[#list + 1] = run end
  end
  if #list == 0 and type(wanted) == "table" then tell_unmet(self, wanted) end
  return of(list)
end

--- Raises an error if a value is no list of runs.
---@param runs any
---@param place string
function collection.check(runs, place)
  if getmetatable(runs) ~= Runs then
    error(("%s: expected runs, the result of compt.ablate { ... } or compt.runs(FOLDER), got %s"):format(
      place, arguments.a_kind(runs)), 3)
  end
end

--- Raises an error with the nearest name if no run has a setting.
---@param runs compt.Run[]
---@param name string
---@param place string
function collection.check_setting(runs, name, place)
  local known = {}
  for _, run in ipairs(runs) do
    if run.settings[name] ~= nil then return end
    for key in pairs(run.settings) do known[key] = true end
  end
  local names = {}
  for key in sorted_pairs(known) do names[#names + 1] = key end
  if #names > 0 then library.known("setting", tostring(name), names, place) end
end

--- The union with other runs.
---@param others compt.Run[]
---@return compt.Runs
function Runs:with(others)
  local list, known = {}, {}
  for _, runs in ipairs { self, others } do
    for _, run in ipairs(runs) do
      if not known[run.path] then list[#list + 1], known[run.path] = run, true end
    end
  end
  return of(list)
end

--- The finished runs.
---@return compt.Runs
function Runs:finished()
  return self:where(function(run) return run.state == "finished" end)
end

--- The name of the scores of `runs:newest()`, whose evaluations record the main metric of each task only.
local MAIN = "validation"

--- The same runs with their newest scores on validation rows, whether they have finished or not. Runs without any are left
--- out, which is told.
---@return compt.Runs
function Runs:newest()
  local list, without = {}, {}
  for _, run in ipairs(self) do
    local found = library.newest(run.path)
    if found then
      local scores, metrics = {}, {}
      for task, score in pairs(found.scores) do
        scores[task], metrics[task] = { [MAIN] = score }, { MAIN }
      end
      local copy = {} ---@type any
      for key, value in pairs(run) do copy[key] = value end
      copy.newest, copy.average, copy.scores, copy.metrics = found.step, found.average, scores, metrics
      copy.counts, copy.looks, copy.values = nil, nil, nil
      list[#list + 1] = copy
    else
      without[#without + 1] = run.name
    end
  end
  if #without > 0 then
    library.note(("note: %d of %d runs are left out: they have no evaluation on validation rows yet (%s)"):format(
      #without, #self, table.concat(without, ", ", 1, math.min(#without, 5)) .. (#without > 5 and ", ..." or "")))
  end
  return of(list)
end

--- What a table or a figure of `runs:newest()` rests on; nil for other runs.
---@param runs compt.Run[]
---@return string?
function collection.about_newest(runs)
  local first, last, open, count = math.huge, 0, 0, 0
  for _, run in ipairs(runs) do
    if run.newest then
      count, first, last = count + 1, math.min(first, run.newest), math.max(last, run.newest)
      if run.state ~= "finished" then open = open + 1 end
    end
  end
  if count == 0 then return nil end
  local at = first == last and ("step %d"):format(first) or ("steps %d to %d"):format(first, last)
  local text = ("newest validation scores, after %s"):format(at)
  return open == 0 and text or ("%s; %d of %d runs %s not finished"):format(text, open, count, open == 1 and "has" or "have")
end

--- The tables of `runs:rows` and `runs:export`.
local TABLES = { "evaluations", "scores", "settings", "steps" }

---@param runs compt.Run[]
---@return string[]
local function paths_of(runs)
  local paths = {}
  for i, run in ipairs(runs) do paths[i] = run.path end
  return paths
end

--- The rows of a table, and the names of its columns.
---@param name string
---@return table<string, any>[], string[]
function Runs:rows(name)
  arguments.check("runs:rows", "the table", name, arguments.one_of(TABLES), 3)
  return library.table_rows(paths_of(self), name)
end

local EXPORT = { { "table", arguments.optional(arguments.one_of(TABLES)) }, { "raw", arguments.flag, false } }

--- Writes a table to a file, in the format of the file extension.
---@param path string
---@param options { table?: string, raw?: boolean }?
function Runs:export(path, options)
  local o = arguments.options("runs:export", options, EXPORT)
  arguments.check("runs:export", "the path", path, arguments.name, 3)
  local stem, format = path:match "([^/]*)%.(%w+)$"
  if format ~= "csv" and format ~= "jsonl" and format ~= "parquet" then
    error(("runs:export: '%s' must end in .csv, .jsonl or .parquet"):format(path), 2)
  end
  local name = o.table or arguments.one_of(TABLES).is(stem) and stem
  if not name then
    error(("runs:export: '%s' is no name of a table; give table = %s"):format(stem, arguments.one_of(TABLES).text), 2)
  end
  library.write(path, library.table_bytes(paths_of(self), name, format, o.raw))
end

--- The settings that differ between the runs, sorted; `seed` comes last.
---@return string[]
function Runs:varying()
  local first, found = {}, {}
  for i, run in ipairs(self) do
    for key, value in pairs(run.settings) do
      local text = arguments.show(value)
      if first[key] == nil then
        first[key] = text
        if i > 1 then found[key] = true end
      elseif first[key] ~= text then
        found[key] = true
      end
    end
    for key in pairs(first) do
      if run.settings[key] == nil then found[key] = true end
    end
  end
  local names = {}
  for key in sorted_pairs(found) do
    if key ~= "seed" then names[#names + 1] = key end
  end
  if found.seed then names[#names + 1] = "seed" end
  return names
end

--- `36 runs: 35 finished, 1 failed`
function Runs:__tostring()
  local parts = collection.states(self)
  return ("%d runs%s"):format(#self, parts ~= "" and ": " .. parts or "")
end

--- The number of runs that a notebook lists.
local LISTED = 50

--- The forms of runs in a notebook: a list with the settings that differ.
function Runs:__mime()
  local varying, rows = self:varying(), {}
  local head = { "run", "state" }
  for _, name in ipairs(varying) do head[#head + 1] = name end
  local names = #head
  head[#head + 1], head[#head + 2] = "average", "steps"
  for i = 1, math.min(#self, LISTED) do
    local run = self[i] --[[@as compt.Run]]
    local row = { run.path, run.state }
    for _, name in ipairs(varying) do
      local value = run.settings[name]
      row[#row + 1] = type(value) == "string" and value or arguments.show(value)
    end
    row[#row + 1] = run.average and ("%.1f"):format(run.average) or "-"
    row[#row + 1] = run.steps and tostring(run.steps) or "-"
    rows[i] = row
  end
  local more = #self > LISTED and ("<p>... %d more</p>"):format(#self - LISTED) or ""
  return { ["text/html"] = library.html_table(tostring(self), head, rows, names) .. more }
end

--- `35 finished, 1 failed`
---@param runs compt.Run[]
---@return string
function collection.states(runs)
  local counts, parts = {}, {}
  for _, run in ipairs(runs) do counts[run.state] = (counts[run.state] or 0) + 1 end
  for state, count in sorted_pairs(counts) do parts[#parts + 1] = ("%d %s"):format(count, state) end
  return table.concat(parts, ", ")
end

return collection
