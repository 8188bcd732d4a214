--- Settings in which runs differ and that a table does not show.
local arguments = require "compt.arguments"
local library = require "compt.library"

local differences = {}

--- Settings that differ in every run, or that the seed determines.
local OF_THE_SEED = { seed = true, data_seed = true, name = true }

local details = {} ---@type table<string, table<string, any>>

--- The recorded settings, configuration and environment of a run, read once.
---@param run compt.Run
local function all_of(run)
  if not details[run.path] then
    local all = library.details(run.path)
    for key, value in pairs(run.settings) do all[key] = value end
    details[run.path] = all
  end
  return details[run.path]
end

--- The settings in which some runs differ, except seeds and names: name -> values in order of occurrence.
---@param runs compt.Run[]
---@return table<string, string[]>
function differences.between(runs)
  local values, found = {}, {}
  for _, run in ipairs(runs) do
    for key, value in pairs(all_of(run)) do
      if not OF_THE_SEED[key] then
        values[key] = values[key] or {}
        values[key][arguments.show(value)] = true
      end
    end
  end
  for key, set in pairs(values) do
    local list = {}
    for text in sorted_pairs(set) do list[#list + 1] = text end
    if #list > 1 then found[key] = list end
  end
  return found
end

--- `epochs: 30, 50; batch_size: 8, 16`
---@param found table<string, string[]>
---@return string
function differences.text(found)
  local parts = {}
  for key, list in sorted_pairs(found) do
    local shown = table.concat(list, ", ", 1, math.min(#list, 4)) .. (#list > 4 and ", …" or "")
    if key == "environment.binary" or key == "code" or #shown > 100 then shown = ("%d kinds"):format(#list) end
    parts[#parts + 1] = ("%s: %s"):format(key, shown)
  end
  return table.concat(parts, "; ")
end

return differences
