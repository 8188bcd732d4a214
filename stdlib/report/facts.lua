--- What was compared, as a list of facts: how many runs, what varies with its values, and what is common.
local cells = require "compt.analysis.cells"
local collection = require "compt.analysis.collection"
local escape = require("compt.analysis.formats").escape

--- The values of a setting that are listed, the common settings, and the characters of a value.
local VALUES, COMMON, LONGEST = 12, 12, 60

--- Common settings that come first.
local FIRST = { "backbone", "tasks", "method", "shots", "seed", "epochs", "steps", "batch_size", "length", "optimizer", "device" }

---@param value any
local function shown(value)
  local text = cells.text(value)
  local cut = utf8.len(text) and utf8.offset(text, LONGEST + 1)
  local short = cut and text:sub(1, cut - 1) .. "…" or text
  return ("<bdi%s>%s</bdi>"):format(cut and (" title=\"%s\""):format(escape(text)) or "", escape(short))
end

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

--- The settings that all runs share, the ones of most interest first, and how many others there are.
---@param runs compt.Runs
---@return string[], integer
local function common(runs)
  local first = runs[1] and runs[1].settings or {}
  local varying, names, known = {}, {}, {}
  for _, name in ipairs(runs:varying()) do varying[name] = true end
  local function add(name)
    if first[name] ~= nil and not varying[name] and not known[name] then names[#names + 1], known[name] = name, true end
  end
  for _, name in ipairs(FIRST) do add(name) end
  for name in sorted_pairs(first) do
    if not name:find(".", 1, true) then add(name) end
  end
  local rest = math.max(0, #names - COMMON)
  return table.move(names, 1, #names - rest, 1, {}), rest
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
  add("Runs", ("%d%s"):format(#runs, states ~= "" and ": " .. escape(states) or ""))
  local varying = {}
  for _, name in ipairs(by) do varying[name] = true end
  for _, name in ipairs(runs:varying()) do
    if name == "seed" or name == "data_seed" then varying[name] = true end
  end
  for _, name in ipairs(by) do add(("<bdi>%s</bdi>"):format(escape(name)), listed(runs, name), "varies") end
  for _, name in ipairs { "seed", "data_seed" } do
    if varying[name] then add(escape(name), listed(runs, name), "varies") end
  end
  local names, rest = common(runs)
  local parts = {}
  for i, name in ipairs(names) do
    parts[i] = ("<span class=\"pair\"><bdi>%s</bdi> %s</span>"):format(escape(name), shown(runs[1].settings[name]))
  end
  if #parts > 0 then
    local more = rest > 0 and (", <a href=\"#settings\">and %d more</a>"):format(rest) or ""
    add("Common", table.concat(parts, ", ") .. more)
  end
  out[#out + 1] = "</dl>"
  return { html = function() return table.concat(out, "\n") end }
end
