--- `table.sort` of sandboxes: a stable merge sort. Lua's own sort chooses its pivots by the clock, so that the order of
--- equal elements differs between processes; and its comparisons cannot be stopped if they are not Lua functions.

local type, error = type, error

local function kind(value) return value == nil and "no value" or type(value) end

--- Merges the sorted parts [low, middle) and [middle, high) of `from` into `to`.
local function merge(from, to, low, middle, high, before)
  local i, j = low, middle
  for k = low, high - 1 do
    if j >= high or i < middle and not before(from[j], from[i]) then
      to[k], i = from[i], i + 1
    else
      to[k], j = from[j], j + 1
    end
  end
end

local function less(a, b) return a < b end

--- `check(t)` raises an error if the elements of `t` come from metamethods.
return function(check)
  return function(t, before)
    if type(t) ~= "table" then error("bad argument #1 to 'sort' (table expected, got " .. kind(t) .. ")", 2) end
    if before ~= nil and type(before) ~= "function" then
      error("bad argument #2 to 'sort' (function expected, got " .. type(before) .. ")", 2)
    end
    check(t)
    before = before or less
    local n, width = #t, 1
    local from, to = t, {}
    while width < n do
      for low = 1, n, 2 * width do
        local middle, high = low + width, low + 2 * width
        if middle > n + 1 then middle = n + 1 end
        if high > n + 1 then high = n + 1 end
        merge(from, to, low, middle, high, before)
      end
      from, to, width = to, from, 2 * width
    end
    if from ~= t then
      for k = 1, n do t[k] = from[k] end
    end
  end
end
