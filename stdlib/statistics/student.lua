--- The distributions of Student's t and Fisher's F, by the incomplete beta function.
local student = {}

--- log Gamma(x) for x > 0: Stirling's series for x >= 7, recurrence below.
local function log_gamma(x)
  local shift = 0.0
  while x < 7 do
    shift, x = shift - math.log(x), x + 1
  end
  local z = 1 / (x * x)
  local series = (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z / 1680))) / x
  return shift + (x - 0.5) * math.log(x) - x + 0.5 * math.log(2 * math.pi) + series
end

--- The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by Lentz's method.
local function fraction(x, a, b)
  local function away(value) return math.abs(value) < 1e-300 and 1e-300 or value end
  local c, d = 1, 1 / away(1 - (a + b) * x / (a + 1))
  local found = d
  for m = 1, 500 do
    local factors = {
      m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
      -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
    }
    local last = 0.0
    for _, factor in ipairs(factors) do
      d, c = 1 / away(1 + factor * d), away(1 + factor / c)
      last = c * d
      found = found * last
    end
    if math.abs(last - 1) < 1e-15 then break end
  end
  return found
end

--- The regularised incomplete beta function I_x(a, b).
local function beta(x, a, b)
  if x <= 0 then return 0 end
  if x >= 1 then return 1 end
  local front = math.exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * math.log(x) + b * math.log(1 - x))
  if x < (a + 1) / (a + b + 2) then return front * fraction(x, a, b) / a end
  return 1 - front * fraction(1 - x, b, a) / b
end

--- More degrees of freedom make no difference that a number shows.
local MOST = 1e7

--- The share of Student's distribution further from 0 than t, on both sides.
---@param t number
---@param df number -- degrees of freedom, not necessarily whole; infinite: the normal distribution
---@return number
function student.p(t, df)
  df = math.min(df, MOST)
  return beta(df / (df + t * t), df / 2, 0.5)
end

--- The share of Fisher's distribution above f.
---@return number
function student.above(f, between, within) return beta(within / (within + between * f), within / 2, between / 2) end

--- Where a falling function is 0, between two places, by the Illinois form of regula falsi (Dowell and Jarratt 1971).
---@param f fun(x: number): number
---@return number
function student.root(f, low, high)
  local at_low, at_high, last = f(low), f(high), 0
  if at_low <= 0 then return low end
  if at_high >= 0 then return high end
  for _ = 1, 200 do
    local x = (low * at_high - high * at_low) / (at_high - at_low)
    local y = f(x)
    if y == 0 or math.abs(high - low) <= 1e-14 * math.abs(x) then return x end
    if y > 0 then
      low, at_low = x, y
      if last == 1 then at_high = at_high / 2 end
      last = 1
    else
      high, at_high = x, y
      if last == -1 then at_low = at_low / 2 end
      last = -1
    end
    if math.abs(y) < 1e-13 then return x end
  end
  return (low + high) / 2
end

--- The t that a share `p` is further from 0 than, on both sides.
---@param p number
---@param df number
---@return number
function student.critical(p, df)
  if p >= 1 then return 0 end
  local low, high = 0.0, 1.0
  while student.p(high, df) > p do low, high = high, 2 * high end
  local wanted = math.log(p)
  return student.root(function(t) return math.log(math.max(student.p(t, df), 1e-320)) - wanted end, low, high)
end

return student
