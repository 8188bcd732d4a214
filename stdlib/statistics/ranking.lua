--- Mean ranks over blocks: Friedman's test and Nemenyi's critical difference, as Demšar (2006) uses them.
local student = require "compt.statistics.student"

local ranking = {}

--- Quantiles of the studentized range with infinite degrees of freedom, divided by the square root of 2, for 2 to 40
--- treatments: `scipy.stats.studentized_range.ppf(1 - alpha, k, inf) / sqrt(2)`.
local QUANTILES = {
  [0.05] = {
    1.9600, 2.3437, 2.5690, 2.7278, 2.8497, 2.9483, 3.0309, 3.1017, 3.1637, 3.2187, 3.2680, 3.3127, 3.3536,
    3.3912, 3.4260, 3.4584, 3.4887, 3.5171, 3.5438, 3.5690, 3.5929, 3.6156, 3.6373, 3.6579, 3.6776, 3.6964,
    3.7145, 3.7319, 3.7486, 3.7647, 3.7802, 3.7952, 3.8097, 3.8237, 3.8373, 3.8504, 3.8632, 3.8756, 3.8876,
  },
  [0.1] = {
    1.6449, 2.0523, 2.2913, 2.4595, 2.5885, 2.6927, 2.7799, 2.8546, 2.9199, 2.9778, 3.0297, 3.0767, 3.1197,
    3.1592, 3.1957, 3.2297, 3.2615, 3.2912, 3.3192, 3.3457, 3.3707, 3.3945, 3.4171, 3.4387, 3.4593, 3.4790,
    3.4979, 3.5160, 3.5335, 3.5503, 3.5665, 3.5822, 3.5973, 3.6119, 3.6261, 3.6398, 3.6531, 3.6661, 3.6786,
  },
}

--- The ranks of the values of a block, 1 for the largest, with mean ranks for ties; and the sum of t^3 - t over ties.
---@param values number[]
---@return number[], number
local function ranks_of(values)
  local order, ranks, ties, i = {}, {}, 0, 1 ---@type integer[], number[], number, integer
  for k = 1, #values do order[k] = k end
  table.sort(order, function(a, b) return values[a] > values[b] end)
  while i <= #order do
    local last = i
    while last < #order and values[order[last + 1]] == values[order[i]] do last = last + 1 end
    for k = i, last do
      local at = order[k] --[[@as integer]]
      ranks[at] = (i + last) / 2
    end
    local size = last - i + 1
    ties, i = ties + size ^ 3 - size, last + 1
  end
  return ranks, ties
end

--- Friedman's test (1937) of the hypothesis that treatments do not differ, with his correction for ties, and p by the F
--- distribution (Iman and Davenport 1980).
---@param blocks number[][] -- the values of all treatments, by block
---@return compt.Friedman
function ranking.friedman(blocks)
  local n, k, sums, ties = #blocks, #blocks[1], {}, 0 ---@type integer, integer, number[], number
  for _, values in ipairs(blocks) do
    local ranks, tied = ranks_of(values)
    for j, rank in ipairs(ranks) do sums[j] = (sums[j] or 0) + rank end
    ties = ties + tied
  end
  local means, squares = {}, 0 ---@type number[], number
  for j, sum in ipairs(sums) do means[j], squares = sum / n, squares + sum * sum end
  local correction = 1 - ties / (k * (k * k - 1) * n)
  -- All values of every block are equal: no rank differs.
  if correction <= 0 then return { ranks = means, chi_squared = 0, f = 0, p = 1 } end
  local chi = (12 * squares / (k * n * (k + 1)) - 3 * n * (k + 1)) / correction
  local rest = n * (k - 1) - chi
  if rest <= 1e-9 then
    -- All blocks agree, of which the chance is k! / (k!)^n.
    local orders = 1.0
    for i = 2, k do orders = orders * i end
    return { ranks = means, chi_squared = chi, f = math.huge, p = orders ^ (1 - n) }
  end
  local f = math.max(0, (n - 1) * chi / rest)
  return { ranks = means, chi_squared = chi, f = f, p = f > 0 and student.above(f, k - 1, (k - 1) * (n - 1)) or 1 }
end

--- The difference of mean ranks from which two of `k` treatments differ, over `n` blocks (Nemenyi 1963).
---@param k integer -- 2 to 40
---@param n integer
---@param alpha number -- 0.05 or 0.1
---@return number
function ranking.critical_difference(k, n, alpha)
  local quantile = (QUANTILES[alpha] or {})[k - 1]
  if not quantile then
    error(("a critical difference is known for 2 to 40 treatments and alpha 0.05 or 0.1, not for %d and %g"):format(k, alpha), 0)
  end
  return quantile * (k * (k + 1) / (6 * n)) ^ 0.5
end

return ranking
