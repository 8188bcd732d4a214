--- The space of a search: the values of each setting, as a list or as a range; see compt.SearchOptions.
local arguments = require "compt.arguments"
local library = require "compt.library"
local random = require "compt.micro.random"

local space = {}

---@class compt.SearchDimension
---@field name string
---@field values any[]? -- of a list
---@field low number
---@field high number
---@field log boolean
---@field whole boolean

--- The setting that the search adds: the share of a full run.
space.BUDGET = "budget"

local KEYS = { "low", "high", "log", "whole" }
local FORMS = "a list of values, or a range such as { low = 1e-4, high = 1, log = true }"

local function refuse(call, name, text, ...) error(("%s: space.%s " .. text):format(call, name, ...), 0) end

--- Numbers, texts, truth values, and tables of them.
local function is_plain(value)
  if type(value) == "table" then
    if getmetatable(value) then return false end
    for _, item in pairs(value) do
      if not is_plain(item) then return false end
    end
    return true
  elseif type(value) == "number" then
    return value == value and math.abs(value) ~= math.huge
  end
  return type(value) == "string" or type(value) == "boolean"
end

---@return compt.SearchDimension
local function list(call, name, given)
  local seen = {}
  for key, value in sorted_pairs(given) do
    if type(key) ~= "number" then
      local place = "%s: space.%s, which is neither a list nor a range"
      library.known("key", tostring(key), KEYS, place:format(call, name))
    end
    if not is_plain(value) then
      local text = "has a value that is not plain data: %s; use a name, and create the object in 'run'"
      refuse(call, name, text, arguments.show(value))
    end
    local text = arguments.show(value)
    if seen[text] then refuse(call, name, "has the value %s twice", text) end
    seen[text] = true
  end
  return { name = name, values = given, low = 1, high = #given, log = false, whole = true }
end

---@return compt.SearchDimension
local function range(call, name, given)
  local place = ("%s: space.%s"):format(call, name)
  for key in sorted_pairs(given) do library.known("key", tostring(key), KEYS, place) end
  for _, key in ipairs { "low", "high" } do
    local value = given[key]
    if type(value) ~= "number" or not is_plain(value) then
      refuse(call, name, "is a range: '%s' must be a number, got %s", key, arguments.show(value))
    end
  end
  for _, key in ipairs { "log", "whole" } do
    arguments.check(call, ("space.%s.%s"):format(name, key), given[key], arguments.optional(arguments.flag), 0)
  end
  local low, high, log, whole = given.low, given.high, given.log or false, given.whole or false
  if low >= high then
    refuse(call, name, "is empty: low = %s is not below high = %s", arguments.show(low), arguments.show(high))
  end
  if log and low <= 0 then
    refuse(call, name, "has a logarithmic scale: low = %s must be above 0", arguments.show(low))
  end
  if whole and (low ~= math.floor(low) or high ~= math.floor(high)) then
    refuse(call, name, "has whole numbers: low and high must be whole, too")
  end
  if whole then
    low, high = math.tointeger(low) or low, math.tointeger(high) or high
  end
  return { name = name, low = low, high = high, log = log, whole = whole }
end

--- Checks a space. Its dimensions, sorted by name.
---@param call string -- for messages
---@param given table<string, any>
---@param settings table<string, any> -- the settings that all trials share
---@return compt.SearchDimension[]
function space.read(call, given, settings)
  local dimensions = {}
  for name, values in sorted_pairs(given) do
    if type(name) ~= "string" then
      error(("%s: space has names of settings for keys, got %s"):format(call, arguments.show(name)), 0)
    end
    if name == space.BUDGET then
      refuse(call, name, "is the share of a full run, which the search sets itself: use another name")
    end
    if settings[name] ~= nil then
      refuse(call, name, "is in 'settings', too: a setting is either searched or fixed")
    end
    if type(values) ~= "table" or getmetatable(values) then
      local text = "must be %s, got %s; a fixed value belongs into 'settings'"
      refuse(call, name, text, FORMS, arguments.show(values))
    end
    if next(values) == nil then refuse(call, name, "is empty: it must be %s", FORMS) end
    local is_range = values.low ~= nil or values.high ~= nil
    dimensions[#dimensions + 1] = (is_range and range or list)(call, name, values)
  end
  if #dimensions == 0 then error(call .. ": space is empty: it needs a setting with " .. FORMS, 0) end
  return dimensions
end

--- The number of points; infinite if a range has numbers that are not whole.
---@param dimensions compt.SearchDimension[]
---@return number
function space.size(dimensions)
  local size = 1.0
  for _, d in ipairs(dimensions) do size = size * (d.whole and d.high - d.low + 1 or math.huge) end
  return size
end

---@param d compt.SearchDimension
local function value(d, i) return d.values and d.values[i] or i end

--- All points of lists and of ranges of whole numbers, the last name varying fastest.
---@param dimensions compt.SearchDimension[]
---@return table<string, any>[]
function space.all(dimensions)
  local points = { {} }
  for _, d in ipairs(dimensions) do
    local longer = {}
    for _, point in ipairs(points) do
      for i = d.low, d.high do
        local more = { [d.name] = value(d, i) }
        for name, known in pairs(point) do more[name] = known end
        longer[#longer + 1] = more
      end
    end
    points = longer
  end
  return points
end

--- A value of a dimension; numbers that are not whole have 4 significant digits.
---@param d compt.SearchDimension
local function drawn(generator, d)
  if d.whole and not d.log then return value(d, generator:integer(d.low, d.high)) end
  local high = d.whole and d.high + 1 or d.high
  local u, x = generator:uniform(), nil
  if d.log then
    x = math.exp(math.log(d.low) + u * (math.log(high) - math.log(d.low)))
  else
    x = d.low + u * (high - d.low)
  end
  if d.whole then
    x = math.floor(x)
  else
    x = tonumber(("%.4g"):format(x)) or x
  end
  return math.min(math.max(x, d.low), d.high)
end

--- Different points in a random order that depends on the seed only: the first ones of a longer list are those of a
--- shorter one, unless the space has no more points than are asked for.
---@param dimensions compt.SearchDimension[]
---@param count integer -- at most the size of the space
---@param seed integer
---@return table<string, any>[]
function space.draw(dimensions, count, seed)
  local generator = random.new(seed, "compt.search")
  if count >= space.size(dimensions) then return generator:shuffle(space.all(dimensions)) end
  local points, known = {}, {}
  -- Rounded numbers of a narrow range may have fewer values than are asked for.
  for _ = 1, 1000 + 100 * count do
    local point = {}
    for _, d in ipairs(dimensions) do point[d.name] = drawn(generator, d) end
    local text = arguments.show(point)
    if not known[text] then points[#points + 1], known[text] = point, true end
    if #points == count then break end
  end
  return points
end

return space
