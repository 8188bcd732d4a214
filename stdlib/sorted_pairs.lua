--- `sorted_pairs(t)` and `sorted_next(t, key)`: like `pairs` and `next`, in a fixed order: numbers, strings, booleans.

-- In controls and operator files, `pairs` and `next` are these functions.
local pairs, rawget = pairs, rawget

local rank = { number = 1, string = 2, boolean = 3 }

local function before(a, b)
  local kind, other = type(a), type(b)
  if kind ~= other then return rank[kind] < rank[other] end
  if kind == "boolean" then return b and not a end
  return a < b
end

local function check_key(key, name)
  if not rank[type(key)] then
    error(name .. ": keys must be numbers, strings or booleans, got a " .. type(key), 3)
  end
end

local function sorted_pairs(t)
  local meta = getmetatable(t)
  if type(t) ~= "table" and not (type(meta) == "table" and meta.__pairs) then
    local got = type(t) == "userdata" and "an object" or t == nil and "nil" or "a " .. type(t)
    error("sorted_pairs: expected a table, got " .. got, 2)
  end
  local keys = {}
  for key in pairs(t) do
    check_key(key, "sorted_pairs")
    keys[#keys + 1] = key
  end
  table.sort(keys, before)
  local i = 0
  return function()
    i = i + 1
    local key = keys[i]
    if key ~= nil then return key, t[key] end
  end
end

local next = next

local function sorted_next(t, key)
  if type(t) ~= "table" then error("next: expected a table, got a " .. type(t), 2) end
  if key ~= nil then check_key(key, "next") end
  local first
  for other in next, t do
    check_key(other, "next")
    if (key == nil or before(key, other)) and (first == nil or before(other, first)) then first = other end
  end
  if first ~= nil then return first, rawget(t, first) end
end

return sorted_pairs, sorted_next
