--- What was compared, as a list of facts: how many runs, what varies with its values, and what is common.
local cells = require "compt.analysis.cells"
local collection = require "compt.analysis.collection"
local differences = require "compt.analysis.differences"
local escape = require("compt.analysis.formats").escape
local shown = require "compt.report.shown"

--- The values of a setting that are listed.
local VALUES = 12

--- The settings that are named where all runs share them; the others are at the end of the page.
local COMMON = { "backbone", "tasks", "method", "shots", "seed", "epochs", "steps", "batch_size", "length", "optimizer", "device" }

--- The values of a setting in order: numbers by value, then texts by first appearance.
---@param runs compt.Runs
---@return any[]
local function values_of(runs, name)
  local known, values, place = {}, {}, {}
  for _, run in ipairs(runs) do
    local value = run.settings[name]
    local text = cells.text(value)
    if value ~= nil and not known[text] then
      known[text], values[#values + 1] = true, value
      place[value] = #values
    end
  end
  table.sort(values, function(a, b)
    local x, y = tonumber(a), tonumber(b)
    if x and y and x ~= y then return x < y end
    if (x == nil) ~= (y == nil) then return x ~= nil end
    return place[a] < place[b]
  end)
  return values
end

---@param runs compt.Runs
local function listed(runs, name)
  local values, parts = values_of(runs, name), {}
  for i = 1, math.min(#values, VALUES) do parts[i] = shown(values[i]) end
  local more = #values > VALUES and (" and %d more"):format(#values - VALUES) or ""
  return table.concat(parts, ", ") .. more
end

--- The settings of most interest that all runs share.
---@param runs compt.Runs
---@return string[], table<string, any>
local function common(runs)
  local names, first = {}, runs[1] and differences.all_of(runs[1]) or {}
  for _, name in ipairs(COMMON) do
    local shared = first[name] ~= nil
    for _, run in ipairs(runs) do
      shared = shared and cells.text(differences.all_of(run)[name]) == cells.text(first[name])
    end
    if shared then names[#names + 1] = name end
  end
  return names, first
end

--- A definition list.
---@param runs compt.Runs
---@param by string[] -- the settings that vary independently
---@return compt.Markup
return function(runs, by)
  local out = { "<dl class=\"facts\">" }
  local function add(name, html, class)
    out[#out + 1] = ("<div%s><dt>%s</dt><dd>%s</dd></div>"):format(class and (" class=\"%s\""):format(class) or "", name, html)
  end
  local states = collection.states(runs)
  add("Runs", ("%d%s"):format(#runs, states:find ", " and ": " .. escape(states) or ", " .. escape(states:match "%a+" or "")))
  local varying = {}
  for _, name in ipairs(by) do varying[name] = true end
  for _, name in ipairs(runs:varying()) do
    if name == "seed" or name == "data_seed" then varying[name] = true end
  end
  for _, name in ipairs(by) do add(shown(name), listed(runs, name), "varies") end
  for _, name in ipairs { "seed", "data_seed" } do
    if varying[name] then add(escape(name), listed(runs, name), "varies") end
  end
  local names, values = common(runs)
  local parts = {}
  for i, name in ipairs(names) do parts[i] = ("<span class=\"pair\">%s %s</span>"):format(escape(name), shown(values[name])) end
  if #parts > 0 then add(#runs > 1 and "All" or "Settings", table.concat(parts, ", ") .. " (<a href=\"#settings\">more</a>)") end
  out[#out + 1] = "</dl>"
  return { html = function() return table.concat(out, "\n") end }
end
