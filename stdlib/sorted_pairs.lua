--- `sorted_pairs(t)`: like `pairs`, in a fixed order: numbers, strings, booleans.

-- In controls, `pairs` is this function.
local pairs = pairs

local rank = { number = 1, string = 2, boolean = 3 }

local function before(a, b)
  local kind, other = type(a), type(b)
  if kind ~= other then return rank[kind] < rank[other] end
  if kind == "boolean" then return b and not a end
  return a < b
end

return function(t)
  local meta = getmetatable(t)
  if type(t) ~= "table" and not (type(meta) == "table" and meta.__pairs) then
    local got = type(t) == "userdata" and "an object" or t == nil and "nil" or "a " .. type(t)
    error("sorted_pairs: expected a table, got " .. got, 2)
  end
  local keys = {}
  for key in pairs(t) do
    if not rank[type(key)] then
      error("sorted_pairs: keys must be numbers, strings or booleans, got a " .. type(key), 2)
    end
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
