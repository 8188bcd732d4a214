--- Settings in which runs differ and that a table or a figure does not show.
local arguments = require "compt.arguments"
local library = require "compt.library"

local differences = {}

--- Settings that differ in every run, or that the seed determines.
local OF_THE_SEED = { seed = true, data_seed = true, name = true }

local details = {} ---@type table<string, table<string, any>>

--- The recorded settings, configuration and environment of a run, read once.
---@param run compt.Run
---@return table<string, any>
function differences.all_of(run)
  if not details[run.path] then
    local all = library.details(run.path)
    for key, value in pairs(run.settings) do all[key] = value end
    details[run.path] = all
  end
  return details[run.path]
end

local all_of = differences.all_of
local texts_by_run = {} ---@type table<string, table<string, string>>

--- The same as text, made once.
---@param run compt.Run
---@return table<string, string>
local function texts_of(run)
  if not texts_by_run[run.path] then
    local texts = {}
    for key, value in pairs(all_of(run)) do texts[key] = arguments.show(value) end
    texts_by_run[run.path] = texts
  end
  return texts_by_run[run.path]
end

--- The settings in which some runs differ, except seeds and names: name -> values in order of occurrence.
---@param runs compt.Run[]
---@return table<string, string[]>
function differences.between(runs)
  local values, found = {}, {}
  for _, run in ipairs(runs) do
    for key, text in pairs(texts_of(run)) do
      if not OF_THE_SEED[key] then
        values[key] = values[key] or {}
        values[key][text] = true
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

--- Whether runs with different values of a setting answer different questions. Programs and machines are told in a
--- warning. The number of steps of equal epochs depends on the rows that a seed draws.
---@param run compt.Run
local function separates(run, key)
  if key == "steps" then return all_of(run).epochs == nil end
  return key ~= "code" and key ~= "backbone.device" and not key:find "^environment%."
end

--- Whether the runs of each group that have equal values of some settings have equal values of another one.
---@param groups compt.Run[][]
---@param others string[]
local function determined(groups, key, others)
  for _, runs in ipairs(groups) do
    local known = {}
    for _, run in ipairs(runs) do
      local texts, parts = texts_of(run), {}
      for i, other in ipairs(others) do parts[i] = texts[other] or "" end
      local place, value = table.concat(parts, "\0"), texts[key] or ""
      if known[place] and known[place] ~= value then return false end
      known[place] = value
    end
  end
  return true
end

--- The settings, besides the seed, that tell runs of one group apart: those of the grid first, and none that the ones
--- before it determine.
---@param groups compt.Run[][]
---@return string[]
function differences.splitting(groups)
  local own, other = {}, {}
  for _, runs in ipairs(groups) do
    for key in pairs(#runs > 1 and differences.between(runs) or {}) do
      local first = runs[1] --[[@as compt.Run]]
      if separates(first, key) then (first.settings[key] ~= nil and own or other)[key] = true end
    end
  end
  local chosen = {} ---@type string[]
  for _, names in ipairs { own, other } do
    for key in sorted_pairs(names) do
      if not determined(groups, key, chosen) then chosen[#chosen + 1] = key end
    end
  end
  return chosen
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
