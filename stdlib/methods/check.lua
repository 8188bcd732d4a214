--- Checks method tables for `compt.trainer`: those of the library and those of the user.
local arguments = require "compt.arguments"
local library = require "compt.library"
local options = require "compt.methods.options"

local check = {}

--- Option names of library methods by their `build`, and the rates that the user set, by method.
---@type table<function, string[]>
local of_build = setmetatable({}, { __mode = "k" })
---@type table<table, table>
local given_rates = setmetatable({}, { __mode = "k" })
--- The name of a method of the library, by the method.
---@type table<table, string>
local library_names = setmetatable({}, { __mode = "k" })
--- Notes that were already shown.
---@type table<string, boolean>
local shown = {}

local kinds = {
  name = arguments.name,
  build = arguments.callable,
  backbone = arguments.flag,
  alone = arguments.flag,
  prefix = arguments.flag,
  sources = arguments.whole(0),
  length = arguments.whole(0),
  private_length = arguments.whole(0),
  top_k = arguments.whole(1),
  placement = arguments.one_of { "append", "prepend" },
  lr = arguments.plain_table,
  warmup = arguments.share,
  temperature = arguments.sequence,
  weight_decay = arguments.at_least(0),
  settings = arguments.plain_table,
}
--- Only for declared methods: a method with `build` can use these names for its own options.
local declared_alone = { sources = true, length = true, private_length = true, top_k = true }

--- Remembers the options of a library method.
function check.remember(name, method, rates, known)
  library_names[method] = name
  given_rates[method] = rates or {}
  if method.build then of_build[method.build] = known end
end

local function contains(list, name)
  for _, known in ipairs(list) do
    if known == name then return true end
  end
  return false
end

local function known_options(method)
  local known = { table.unpack(options.every) }
  local function add(names)
    for _, name in ipairs(names) do
      if not contains(known, name) then known[#known + 1] = name end
    end
  end
  if method.build then
    add(options.with_build)
    add(of_build[method.build] or {})
  elseif not method.backbone then
    add(options.declared)
  end
  return known
end

local function refuse_unknown(method, place)
  local known = known_options(method)
  for key in sorted_pairs(method) do
    local elsewhere = contains(options.declared, key) or contains(options.with_build, key)
    if elsewhere and not contains(known, key) then
      error(("%s: '%s' is not for a method with '%s'\n  help: put additional values for its functions into 'settings', which are recorded")
        :format(place, key, method.build and "build" or "backbone"), 0)
    end
    library.known("option", tostring(key), known, place)
  end
end

local function rates_and_temperature(method, place)
  for group, rate in sorted_pairs(method.lr or {}) do
    local text = ("lr.%s"):format(tostring(group))
    if type(rate) == "function" or type(rate) == "table" then
      error(("%s: %s must be a number, the peak rate\n  help: for values that change during training use 'control' of the trainer")
        :format(place, text), 0)
    end
    arguments.check(place, text, rate, arguments.at_least(0), 0)
  end
  local heat = method.temperature
  if heat == nil then return end
  for key in sorted_pairs(heat) do
    if key ~= 1 and key ~= 2 then
      error(("%s: temperature: unknown key '%s'; it is { first, last }"):format(place, tostring(key)), 0)
    end
  end
  for i = 1, 2 do arguments.check(place, ("temperature[%d]"):format(i), heat[i], arguments.above(0), 0) end
end

--- Raises an error for invalid keys and values of a method.
function check.method(method, place)
  if method.name ~= nil then
    place = ("%s '%s'"):format(place, tostring(method.name))
  end
  refuse_unknown(method, place)
  for key, kind in sorted_pairs(kinds) do
    if method[key] ~= nil and not (method.build and declared_alone[key]) then
      arguments.check(place, key, method[key], kind, 0)
    end
  end
  rates_and_temperature(method, place)
end

--- Rates for groups that the method does not have: an error if the name looks misspelt, else a note.
function check.rates(method, groups, place)
  local usual = method.build == nil and not method.backbone
  for group in sorted_pairs(given_rates[method] or method.lr or {}) do
    group = tostring(group)
    if not contains(groups, group) then
      if not (usual and contains(options.groups, group)) and library.nearest(group, groups) then
        library.known("parameter group", group, groups, place .. ": lr")
      end
      local note = ("note: %s: lr.%s is not for a parameter group of this method; its groups: %s")
        :format(place, group, table.concat(groups, ", "))
      if not shown[note] then library.note(note) end
      shown[note] = true
    end
  end
end

--- The name of the library's method that created this one; nil for methods of the user, and if `build` was
--- replaced.
---@return string?
function check.library_name(method)
  local name = library_names[method]
  if method.build and not of_build[method.build] or not name then return nil end
  for _, known in ipairs(library.modules "methods") do
    if known == name then return name end
  end
end

return check
