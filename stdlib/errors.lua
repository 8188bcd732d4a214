--- The metatable of tables that are thrown as errors: their text shows their content instead of `table: 0x55d0c8`. A
--- caught table is still the same table.
local getmetatable, type, tostring = getmetatable, type, tostring
local ipairs, pairs, sort, concat, format = ipairs, pairs, table.sort, table.concat, string.format

--- Maximum depth, and maximum number of entries per table.
local DEPTH, MOST = 3, 16

---@type fun(value: any, depth: integer): string
local text_of

local function entries(value, depth)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  sort(keys, function(a, b)
    if type(a) == type(b) and (type(a) == "number" or type(a) == "string") then return a < b end
    return type(a) == "number" or type(b) ~= "number" and tostring(a) < tostring(b)
  end)
  local parts = {}
  for i, key in ipairs(keys) do
    if i > MOST then parts[i] = "..." break end
    local name = key == i and "" or (type(key) == "string" and key or format("[%s]", tostring(key))) .. " = "
    parts[i] = name .. text_of(value[key], depth - 1)
  end
  return #parts == 0 and "{}" or format("{ %s }", concat(parts, ", "))
end

text_of = function(value, depth)
  if type(value) == "string" then return format("%q", value) end
  if type(value) ~= "table" then return tostring(value) end
  local meta = getmetatable(value)
  if type(meta) == "table" and meta.__tostring and meta.__name ~= "error" then return tostring(value) end
  return depth > 0 and entries(value, depth) or "{...}"
end

return { __name = "error", __tostring = function(value) return "error value " .. entries(value, DEPTH) end }
