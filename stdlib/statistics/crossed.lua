--- Differences of two methods on rows that several runs answer: both rows and runs are samples.
---
--- The model has an effect of the run (its seed), an effect of the row that all runs share, and the rest. It is that of
--- readers and cases in diagnostic studies: the two parts of the variance are estimated as by Obuchowski and Rockette (1995).
--- They are known with different numbers of degrees of freedom, few of them for the runs; the interval is Banerjee's (1960),
--- which contains the true difference at least as often as it says, where Satterthwaite's approximation fails far in the
--- tails that corrections for many tests need. The part of the runs is never estimated below what chance in the rows alone
--- gives, so that three runs with equal scores do not count as runs without variance.
local student = require "compt.statistics.student"

---@class compt.RowDifferences
---@field values number[] -- one per row
---@field keys any[]? -- what identifies each row; default: its place

local function mean_of(values)
  local sum = 0.0
  for _, value in ipairs(values) do sum = sum + value end
  return sum / #values
end

--- Variance of the mean of a run by its rows, averaged over runs, and the covariance of the means of two runs through
--- the rows that both have.
---@param runs compt.RowDifferences[]
---@return number, number, integer -- variance, covariance, number of distinct rows
local function through_rows(runs)
  local sums, squares, rows = {}, 0.0, 0
  for _, run in ipairs(runs) do
    local n, mean = #run.values, mean_of(run.values)
    local scale = n > 1 and (n * (n - 1)) ^ -0.5 or 0
    for i, value in ipairs(run.values) do
      local key, w = run.keys and run.keys[i] or i, (value - mean) * scale
      if not sums[key] then sums[key], rows = 0.0, rows + 1 end
      sums[key], squares = sums[key] + w, squares + w * w
    end
  end
  local of_sums, r = 0.0, #runs
  for _, sum in pairs(sums) do of_sums = of_sums + sum * sum end
  return squares / r, r > 1 and (of_sums - squares) / (r * (r - 1)) or 0, rows
end

---@class compt.VariancePart
---@field variance number
---@field df number -- degrees of freedom

--- Half the interval that contains the truth but for a share `p`: sqrt(sum(variance * t(p, df)^2)).
---@param parts compt.VariancePart[]
---@return number
local function half_width(parts, p)
  local sum = 0.0
  for _, part in ipairs(parts) do
    if part.variance > 0 then sum = sum + part.variance * student.critical(p, part.df) ^ 2 end
  end
  return sum ^ 0.5
end

--- The share p whose interval just contains 0. It is no smaller than by one part alone, and no larger than by all variance
--- with the fewest degrees of freedom.
---@param parts compt.VariancePart[]
---@param effect number -- not negative
---@return number
local function p_of(parts, effect)
  if effect == 0 then return 1 end
  local least, whole, fewest = 0.0, 0.0, math.huge
  for _, part in ipairs(parts) do
    if part.variance > 0 then
      least = math.max(least, student.p(effect / part.variance ^ 0.5, part.df))
      whole, fewest = whole + part.variance, math.min(fewest, part.df)
    end
  end
  local most = student.p(effect / whole ^ 0.5, fewest)
  local function left(log_p) return half_width(parts, math.exp(log_p)) / effect - 1 end
  return math.exp(student.root(left, math.log(math.max(least, 1e-300)), math.log(math.max(most, 1e-300))))
end

--- The mean over strata (tasks) of mean differences, each stratum with the differences of the same runs.
---@param strata compt.RowDifferences[][]
---@param level number
---@return compt.Crossed
return function(strata, level)
  local r, parts = #strata[1], #strata
  local own, shared, rows = 0.0, 0.0, 0
  local means = {} ---@type number[]
  for _, runs in ipairs(strata) do
    for s, run in ipairs(runs) do means[s] = (means[s] or 0) + mean_of(run.values) / parts end
    local variance, covariance, count = through_rows(runs)
    own, shared, rows = own + variance / parts ^ 2, shared + covariance / parts ^ 2, rows + count - 1
  end
  local effect, between = mean_of(means), 0.0
  for _, mean in ipairs(means) do between = between + (mean - effect) ^ 2 / math.max(1, r - 1) end
  -- One run has no covariance with another: all of its variance is that of its rows.
  if r == 1 then own, shared = 0, own else shared = math.max(0, shared) end
  local of_runs = math.max(between, own - shared) / r
  if of_runs + shared <= 1e-20 * effect ^ 2 then
    return { effect = effect, error = 0, of_runs = 0, of_rows = 0, low = effect, high = effect, p = effect == 0 and 1 or nil }
  end
  local both = { { variance = of_runs, df = math.max(1, r - 1) }, { variance = shared, df = math.max(1, rows) } }
  local width = half_width(both, 1 - level)
  return {
    effect = effect, error = (of_runs + shared) ^ 0.5, of_runs = of_runs ^ 0.5, of_rows = shared ^ 0.5,
    low = effect - width, high = effect + width, p = p_of(both, math.abs(effect)),
  }
end
