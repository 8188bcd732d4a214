--- Seeded random numbers that are the same on every platform: xoshiro256** (Blackman and Vigna),
--- its state filled by splitmix64. Independent of `math.random`.
local floor = math.floor

local random = {}
random.__index = random

local function splitmix64(state)
  local z = state
  z = (z ~ (z >> 30)) * 0xbf58476d1ce4e5b9
  z = (z ~ (z >> 27)) * 0x94d049bb133111eb
  return z ~ (z >> 31)
end

--- A 64-bit FNV-1a hash of a string.
function random.hash(text)
  local hash = 0xcbf29ce484222325
  for i = 1, #text do
    hash = (hash ~ text:byte(i)) * 0x100000001b3
  end
  return hash
end

--- A generator. `seed` is an integer; `stream`, a string, gives one seed many independent
--- generators.
function random.new(seed, stream)
  local state = math.tointeger(seed)
  if not state then error("a seed must be an integer, got " .. tostring(seed), 2) end
  if stream then state = splitmix64(state) ~ random.hash(stream) end
  local self = {}
  for i = 1, 4 do
    state = state + 0x9e3779b97f4a7c15
    self[i] = splitmix64(state)
  end
  return setmetatable(self, random)
end

--- The next 64 random bits, as an integer.
function random:next()
  local s0, s1, s2, s3 = self[1], self[2], self[3], self[4]
  local x = s1 * 5
  local result = ((x << 7) | (x >> 57)) * 9
  s2, s3 = s2 ~ s0, s3 ~ s1
  self[1], self[2] = s0 ~ s3, s1 ~ s2
  self[3] = s2 ~ (s1 << 17)
  self[4] = (s3 << 45) | (s3 >> 19)
  return result
end

--- A number in [0, 1).
function random:uniform()
  return (self:next() >> 11) * 0x1p-53
end

--- An integer from `low` to `high`, both included.
function random:integer(low, high)
  return low + floor(self:uniform() * (high - low + 1))
end

--- True with probability `p`.
function random:chance(p)
  return self:uniform() < p
end

--- One item of a list.
function random:choice(list)
  return list[self:integer(1, #list)]
end

--- One item of a list of `{ item, weight }`.
function random:weighted(list)
  local total = 0
  for _, entry in ipairs(list) do total = total + entry[2] end
  local left = self:uniform() * total
  for _, entry in ipairs(list) do
    left = left - entry[2]
    if left < 0 then return entry[1] end
  end
  return list[#list][1]
end

--- Shuffles a list in place and returns it (Fisher and Yates).
function random:shuffle(list)
  for i = #list, 2, -1 do
    local j = self:integer(1, i)
    list[i], list[j] = list[j], list[i]
  end
  return list
end

return random
