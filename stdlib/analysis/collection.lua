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
        if run.settings[key] ~= value then return false end
      end
      return true
    end
  end
  local list = {}
  for _, run in ipairs(self) do
    if is(run) then list[#list + 1] = run end
  end
  return of(list)
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
  local counts = {}
  for _, run in ipairs(self) do counts[run.state] = (counts[run.state] or 0) + 1 end
  local parts = {}
  for state, count in sorted_pairs(counts) do parts[#parts + 1] = ("%d %s"):format(count, state) end
  return ("%d runs%s"):format(#self, #parts > 0 and ": " .. table.concat(parts, ", ") or "")
end

return collection
