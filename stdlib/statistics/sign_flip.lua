--- Exact tests of paired differences: the sign-flip test and McNemar's.
local arguments = require "compt.arguments"
local random = require "compt.micro.random"
local student = require "compt.statistics.student"

local exact = {}

--- Sums this close to the observed one, relative to the sum of all sizes, count as equal to it.
local TIE = 1e-9
--- Lists up to this length are enumerated; longer ones are exact if their values are multiples of a common unit.
local ENUMERATED = 20
--- The largest number of additions for a distribution of sums, and the finest unit below the smallest difference.
local MOST_ADDITIONS, FINEST = 5e6, 24
--- From this number of differences on the sums have a normal distribution.
local MANY = 1000

--- The sizes as whole numbers of a common unit, and their sum; nil if they have none.
---@param sizes number[] -- above 0
---@return integer[]?, integer
local function in_units(sizes)
  local least = math.huge
  for _, size in ipairs(sizes) do least = math.min(least, size) end
  for parts = 1, FINEST do
    local units, total, unit = {}, 0, least / parts
    for i, size in ipairs(sizes) do
      local count = math.floor(size / unit + 0.5)
      if math.abs(size / unit - count) > 1e-6 * count or count > 1e6 then break end
      units[i], total = count, total + count
    end
    if #units == #sizes then return units, total end
  end
  return nil, 0
end

--- The share of signs whose sum is as far from 0 as `observed` units, by the distribution of all sums (Pagano and
--- Tritchler 1983).
---@param units integer[]
---@return number
local function by_sums(units, total, observed)
  local share = { [0] = 1.0 } ---@type table<integer, any>
  for j = 1, total do share[j] = 0.0 end
  local reached = 0
  for _, unit in ipairs(units) do
    reached = reached + unit
    for j = reached, unit, -1 do share[j] = (share[j] + share[j - unit]) / 2 end
    for j = unit - 1, 0, -1 do share[j] = share[j] / 2 end
  end
  local p = 0.0
  for j = 0, total do
    if math.abs(2 * j - total) >= observed then p = p + share[j] end
  end
  return math.min(1, p)
end

--- The same by all signs, in the order of a Gray code: each differs from the one before in one sign. The first sign is
--- fixed, as the opposite of all signs gives the opposite sum.
---@param sizes number[]
---@return number
local function by_signs(sizes, least)
  local signs, sum, count = {}, 0.0, 0
  for i, size in ipairs(sizes) do signs[i], sum = 1, sum + size end
  local all = 1 << (#sizes - 1)
  for code = 1, all do
    if math.abs(sum) >= least then count = count + 1 end
    local bit, place = code, 2
    while bit & 1 == 0 do bit, place = bit >> 1, place + 1 end
    if code < all then
      signs[place] = -signs[place]
      sum = sum + 2 * signs[place] * sizes[place]
    end
  end
  return count / all
end

--- The same by random signs; the observed ones are one of them (Phipson and Smyth 2010).
---@param sizes number[]
---@return number
local function by_chance(sizes, least, rounds, seed)
  local draw, count = random.new(seed, "sign flip"), 1
  for _ = 1, rounds do
    local sum, bits = 0.0, 0
    for i, size in ipairs(sizes) do
      if i % 64 == 1 then bits = draw:next() end
      sum = bits & 1 == 0 and sum + size or sum - size
      bits = bits >> 1
    end
    if math.abs(sum) >= least then count = count + 1 end
  end
  return count / (rounds + 1)
end

--- McNemar's exact test: the two-sided binomial test of `first` successes in `first + second` trials.
---@param first integer
---@param second integer
---@return number
function exact.mcnemar(first, second)
  local call, count = "compt.statistics.mcnemar", arguments.whole(0)
  arguments.check(call, "the first number", first, count)
  arguments.check(call, "the second number", second, count)
  local n, fewer, sum, log_choose = first + second, math.min(first, second), 0.0, 0.0
  for k = 0, fewer do
    sum = sum + math.exp(log_choose - n * math.log(2))
    log_choose = log_choose + math.log((n - k) / (k + 1))
  end
  return math.min(1, 2 * sum)
end

--- The same for many differences, whose sums lie `step` apart.
---@param sizes number[]
---@return number
local function by_normal(sizes, sum, step)
  local squares = 0.0
  for _, size in ipairs(sizes) do squares = squares + size * size end
  return student.p(math.max(0, math.abs(sum) - step / 2) / squares ^ 0.5, math.huge)
end

--- The sign-flip test of differences; see compt.SignFlipOptions.
---@param differences number[]
---@param given compt.SignFlipOptions?
---@return number, boolean -- p, and whether it is exact
function exact.sign_flip(differences, given)
  local call = "compt.statistics.sign_flip"
  local o = arguments.options(call, given, { { "rounds", arguments.whole(1), 9999 }, { "seed", arguments.whole(0), 1 } })
  arguments.list(call, differences)
  local sizes, sum, total, positive = {}, 0.0, 0.0, 0
  for _, d in ipairs(differences) do
    arguments.check(call, "a difference", d, arguments.number)
    if d ~= 0 then sizes[#sizes + 1], sum, total = math.abs(d), sum + d, total + math.abs(d) end
    if d > 0 then positive = positive + 1 end
  end
  if #sizes == 0 then return 1, true end
  local units, whole = in_units(sizes)
  if units and whole == #units then return exact.mcnemar(positive, #sizes - positive), true end
  if units and #units * whole <= MOST_ADDITIONS then
    local observed = math.floor(math.abs(sum) / total * whole + 0.5)
    return by_sums(units, whole, observed), true
  end
  if #sizes >= MANY then return by_normal(sizes, sum, units and 2 * total / whole or 0), false end
  local least = math.abs(sum) - TIE * total
  if #sizes <= ENUMERATED then return by_signs(sizes, least), true end
  return by_chance(sizes, least, o.rounds, o.seed), false
end

return exact
