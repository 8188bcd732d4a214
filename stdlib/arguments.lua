--- Checks arguments and formats them as they were written. An error points to the caller of the function that got the
--- argument.

local arguments = {}

local function name_text(name)
  return name:find("^[%a_][%w_]*$") and name or ("[%q]"):format(name)
end

local function table_text(value)
  local parts = {}
  for key, item in sorted_pairs(value) do
    local name = type(key) == "string" and name_text(key) .. " = " or ""
    parts[#parts + 1] = name .. arguments.show(item)
  end
  return #parts == 0 and "{}" or ("{ %s }"):format(table.concat(parts, ", "))
end

--- The type of a value with an article; userdata is called an object.
function arguments.a_kind(value)
  local kind = type(value)
  if kind == "nil" then return kind end
  return kind == "userdata" and "an object" or "a " .. kind
end

--- A value in Lua syntax; schedules and curricula as they were written.
function arguments.show(value)
  local kind = type(value)
  if kind == "number" then return ("%.14g"):format(value) end
  if kind == "string" then return ("%q"):format(value) end
  if kind == "function" then return "function" end
  if kind == "table" and not getmetatable(value) then return table_text(value) end
  return tostring(value)
end

--- A call as it was written: `cosine(1, 0)`, `equal()`, `chain { ... }`.
function arguments.written(name, ...)
  local texts = {}
  for i, value in ipairs { ... } do texts[i] = arguments.show(value) end
  local form = #texts == 1 and texts[1]:sub(1, 1) == "{" and "%s %s" or "%s(%s)"
  return form:format(name, table.concat(texts, ", "))
end

--- A kind of value: its name in messages, and a test.
local function kind(text, is) return { text = text, is = is } end

local function is_number(value) return type(value) == "number" and value == value end

arguments.number = kind("a number", is_number)
arguments.flag = kind("true or false", function(value) return type(value) == "boolean" end)
arguments.any = kind("anything", function() return true end)
arguments.share = kind("a share in [0, 1]", function(value)
  return is_number(value) and value >= 0 and value <= 1
end)
arguments.part = kind("a share above 0, up to 1", function(value)
  return is_number(value) and value > 0 and value <= 1
end)

arguments.fraction = kind("a number above 0 and below 1", function(value)
  return is_number(value) and value > 0 and value < 1
end)

function arguments.above(low)
  return kind(("a number above %d"):format(low), function(value)
    return is_number(value) and value > low
  end)
end

function arguments.at_least(low)
  return kind(("a number, %d or more"):format(low), function(value)
    return is_number(value) and value >= low
  end)
end

function arguments.whole(low)
  return kind(("a whole number, %d or more"):format(low), function(value)
    return is_number(value) and value >= low and value == math.floor(value)
  end)
end

arguments.callable = kind("a function", function(value) return type(value) == "function" end)
arguments.cell = kind("a function, or a file that returns one", function(value)
  return type(value) == "function" or type(value) == "string"
end)
arguments.plain_table = kind("a table", function(value)
  return type(value) == "table" and not getmetatable(value)
end)
arguments.sequence = kind("a list", function(value) return type(value) == "table" end)
arguments.name_or_function = kind("a name or a function", function(value)
  return type(value) == "string" or type(value) == "function"
end)
arguments.name = kind("a name", function(value) return type(value) == "string" end)
arguments.names = kind("a list of names", function(value)
  if type(value) ~= "table" or #value == 0 then return false end
  for key, name in pairs(value) do
    if type(key) ~= "number" or type(name) ~= "string" then return false end
  end
  return true
end)

arguments.numbers = kind("a list of numbers", function(value)
  if type(value) ~= "table" or #value == 0 then return false end
  for _, item in ipairs(value) do
    if not is_number(item) then return false end
  end
  return true
end)

function arguments.one_of(words)
  local texts, known = {}, {}
  for i, word in ipairs(words) do
    texts[i], known[word] = arguments.show(word), true
  end
  return kind(table.concat(texts, " or "), function(value) return value ~= nil and known[value] end)
end

function arguments.optional(inner)
  return kind(inner.text, function(value) return value == nil or inner.is(value) end)
end

--- Returns the value, or raises an error if it is not of that kind.
function arguments.check(call, name, value, wanted, level)
  if wanted.is(value) then return value end
  local got = arguments.show(value)
  error(("%s: %s must be %s, got %s"):format(call, name, wanted.text, got), level or 3)
end

--- Raises an error if a call has more arguments than it takes; `...` are the extra ones.
function arguments.no_more(call, most, ...)
  local count = select("#", ...)
  if count > 0 then
    error(("%s takes at most %d argument%s, got %d"):format(call, most, most == 1 and "" or "s", most + count), 3)
  end
end

--- Returns a list, or raises an error if it is not one or is empty.
function arguments.list(call, value, level)
  if type(value) == "table" and not getmetatable(value) and #value > 0 then return value end
  error(("%s: expected a list, got %s"):format(call, arguments.show(value)), level or 3)
end

--- Stages from parts { share of the steps, value }; `read(call, value, level)` makes the value.
function arguments.stages(call, parts, read)
  local stages, whole = {}, 0
  for i, part in ipairs(arguments.list(call, parts, 4)) do
    arguments.list(call, part, 4)
    local share = arguments.check(call, "a share", part[1], arguments.above(0), 4)
    whole = whole + share
    stages[i] = { ends = whole, share = share, value = read(call, part[2], 4) }
  end
  if math.abs(whole - 1) > 1e-9 then
    error(("%s: the shares must sum to 1, not to %s"):format(call, arguments.show(whole)), 3)
  end
  return stages
end

--- The stage of a step: its value, the last step before it, and its last step.
function arguments.stage_at(stages, step, total)
  local start = 0
  for i, stage in ipairs(stages) do
    local stop = math.floor(stage.ends * total + 0.5)
    if step <= stop or i == #stages then return stage.value, start, stop end
    start = stop
  end
end

--- The option names of each call, after its first use.
---@type table<string, string[]>
arguments.asked = {}

--- Reads options and fills in defaults. Each rule is { name, kind, default }.
function arguments.options(call, given, rules)
  if given ~= nil and (type(given) ~= "table" or getmetatable(given)) then
    error(("%s: expected a table of options, got %s"):format(call, arguments.show(given)), 3)
  end
  local left, read, known = {}, {}, {}
  for name, value in pairs(given or {}) do left[name] = value end
  for i, rule in ipairs(rules) do
    local name, wanted, default = rule[1], rule[2], rule[3]
    local value = left[name]
    if value == nil then value = default end
    read[name] = arguments.check(call, name, value, wanted, 4)
    left[name], known[i] = nil, name
  end
  arguments.asked[call] = known
  local unknown = sorted_pairs(left)()
  if unknown ~= nil then
    local names = table.concat(known, ", ")
    error(("%s: unknown option '%s'; known: %s"):format(call, tostring(unknown), names), 3)
  end
  return read
end

return arguments
