--- Statistics over seeds: means, standard deviations, paired tests, corrections.
local statistics = {}

local function check(call, values, least)
  if type(values) ~= "table" or #values < least then
    error(("%s: expected a list of %d numbers or more"):format(call, least), 3)
  end
end

--- The mean.
function statistics.mean(values)
  check("statistics.mean", values, 1)
  local sum = 0.0
  for _, value in ipairs(values) do sum = sum + value end
  return sum / #values
end

--- The sample standard deviation (n - 1); 0 for one value.
function statistics.sd(values)
  check("statistics.sd", values, 1)
  local mean, sum = statistics.mean(values), 0.0
  for _, value in ipairs(values) do sum = sum + (value - mean) ^ 2 end
  return #values > 1 and (sum / (#values - 1)) ^ 0.5 or 0
end

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

--- The paired t-test: t and the two-sided p value of the differences xs[i] - ys[i]. p is 1 if all differences are 0.
function statistics.paired_t(xs, ys)
  check("statistics.paired_t", xs, 2)
  if type(ys) ~= "table" or #ys ~= #xs then error("statistics.paired_t: the lists differ in length", 2) end
  local differences = {}
  for i, x in ipairs(xs) do differences[i] = x - ys[i] end
  local mean, sd, n = statistics.mean(differences), statistics.sd(differences), #xs
  if sd == 0 then return mean == 0 and 0 or mean * math.huge, mean == 0 and 1 or 0 end
  local t = mean / (sd / n ^ 0.5)
  return t, beta((n - 1) / (n - 1 + t * t), (n - 1) / 2, 0.5)
end

--- One-way ANOVA (Fisher 1925): F, p, and the degrees of freedom between and within groups. Returns nothing if fewer
--- than two groups have values, or if there are no more values than groups.
function statistics.anova(groups)
  local all, filled = {}, {}
  for _, group in ipairs(groups) do
    if #group > 0 then filled[#filled + 1] = group end
    table.move(group, 1, #group, #all + 1, all)
  end
  local between, within = #filled - 1, #all - #filled
  if between < 1 or within < 1 then return nil end
  local mean, outer, inner = statistics.mean(all), 0.0, 0.0
  for _, group in ipairs(filled) do
    local own = statistics.mean(group)
    outer = outer + #group * (own - mean) ^ 2
    for _, x in ipairs(group) do inner = inner + (x - own) ^ 2 end
  end
  if inner == 0 then
    local same = outer == 0
    return same and 0 or math.huge, same and 1 or 0, between, within
  end
  local f = (outer / between) / (inner / within)
  return f, beta(within / (within + between * f), within / 2, between / 2), between, within
end

--- Holm's step-down correction (1979); the p values keep their order.
function statistics.holm(ps)
  check("statistics.holm", ps, 1)
  local order = {}
  for i = 1, #ps do order[i] = i end
  table.sort(order, function(i, j) return ps[i] < ps[j] or ps[i] == ps[j] and i < j end)
  local corrected, largest = {}, 0.0
  for rank, i in ipairs(order) do
    largest = math.max(largest, math.min(1, ps[i] * (#ps - rank + 1)))
    corrected[i] = largest
  end
  return corrected
end

return statistics
