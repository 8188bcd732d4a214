--- Means, standard deviations, tests of paired differences and of groups, corrections, confidence intervals.
local arguments = require "compt.arguments"
local crossed = require "compt.statistics.crossed"
local exact = require "compt.statistics.sign_flip"
local ranking = require "compt.statistics.ranking"
local student = require "compt.statistics.student"

local statistics = {
  bootstrap = require "compt.statistics.bootstrap",
  mcnemar = exact.mcnemar,
  sign_flip = exact.sign_flip,
}

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

--- Deviations up to this share of the values are rounding errors.
local ROUNDING = 1e-12

--- The paired t-test: t and the two-sided p value of the differences xs[i] - ys[i]. Equal differences have no variance:
--- t is 0 and p is 1 if they are 0, else both are nil and a reason follows.
---@param xs number[]
---@param ys number[]
---@return number?, number?, string?
function statistics.paired_t(xs, ys)
  check("statistics.paired_t", xs, 2)
  if type(ys) ~= "table" or #ys ~= #xs then error("statistics.paired_t: the lists differ in length", 2) end
  local differences, size = {}, 0.0
  for i, x in ipairs(xs) do
    local y = ys[i] --[[@as number]]
    differences[i], size = x - y, math.max(size, math.abs(x), math.abs(y))
  end
  local mean, sd, n = statistics.mean(differences), statistics.sd(differences), #xs
  if sd <= ROUNDING * size then
    if math.abs(mean) <= ROUNDING * size then return 0, 1 end
    return nil, nil, ("all %d differences are %.6g, so they have no variance to compare with"):format(n, mean)
  end
  local t = mean / (sd / n ^ 0.5)
  return t, student.p(t, n - 1)
end

--- One-way ANOVA (Fisher 1925): F, p, and the degrees of freedom between and within groups. Returns nil and a reason if
--- fewer than two groups have values, if there are no more values than groups, or if no group has any variance.
---@param groups number[][]
---@return number?, number|string, integer?, integer?
function statistics.anova(groups)
  local all, filled, size = {}, {}, 0.0
  for _, group in ipairs(groups) do
    if #group > 0 then filled[#filled + 1] = group end
    table.move(group, 1, #group, #all + 1, all)
  end
  local between, within = #filled - 1, #all - #filled
  if between < 1 then return nil, "fewer than two groups have values" end
  if within < 1 then return nil, "there are no more values than groups" end
  local mean, outer, inner = statistics.mean(all), 0.0, 0.0
  for _, x in ipairs(all) do size = math.max(size, math.abs(x)) end
  for _, group in ipairs(filled) do
    local own = statistics.mean(group)
    outer = outer + #group * (own - mean) ^ 2
    for _, x in ipairs(group) do inner = inner + (x - own) ^ 2 end
  end
  local rounding = #all * (ROUNDING * size) ^ 2
  if inner <= rounding then
    if outer <= rounding then return 0, 1, between, within end
    return nil, "the values of each group are equal, so they have no variance to compare with"
  end
  local f = (outer / between) / (inner / within)
  return f, student.above(f, between, within), between, within
end

--- The ranks of some values; equal values share the mean of their ranks.
---@param values number[]
---@return number[]
local function ranks(values)
  local order, found, i = {}, {}, 1
  for k = 1, #values do order[k] = k end
  table.sort(order, function(a, b) return values[a] < values[b] or values[a] == values[b] and a < b end)
  while i <= #order do
    local last = i
    while last < #order and values[order[last + 1]] == values[order[i]] do last = last + 1 end
    for k = i, last do found[order[k]] = (i + last) / 2 end
    i = last + 1
  end
  return found
end

--- Spearman's rank correlation (1904) and its two-sided p value by Student's t. Returns nil and a reason if the values of
--- a list are equal; p is nil, with a reason, for two pairs and for a perfect order, whose t is not finite.
---@param xs number[]
---@param ys number[]
---@return number?, number?, string?
function statistics.spearman(xs, ys)
  check("statistics.spearman", xs, 2)
  if type(ys) ~= "table" or #ys ~= #xs then error("statistics.spearman: the lists differ in length", 2) end
  local a, b, n = ranks(xs), ranks(ys), #xs
  local mean, both, left, right = (n + 1) / 2, 0.0, 0.0, 0.0
  for i, rank in ipairs(a) do
    local x, y = rank - mean, b[i] --[[@as number]] - mean
    both, left, right = both + x * y, left + x * x, right + y * y
  end
  if left == 0 or right == 0 then return nil, nil, "the values of a list are equal, so they have no order" end
  local rho = math.max(-1, math.min(1, both / (left * right) ^ 0.5))
  if n == 2 then return rho, nil, "two pairs always have a correlation of 1 or -1" end
  if 1 - math.abs(rho) < 1e-15 then return rho, nil, "the order is perfect, so t is not finite" end
  return rho, student.p(rho * ((n - 2) / (1 - rho * rho)) ^ 0.5, n - 2)
end

--- Least squares of one variable: `half_width(x)` is half the 95 % confidence interval of the line there. Returns nil for
--- fewer than three points or equal xs.
---@param xs number[]
---@param ys number[]
---@return compt.Regression?
function statistics.regression(xs, ys)
  check("statistics.regression", xs, 1)
  if type(ys) ~= "table" or #ys ~= #xs then error("statistics.regression: the lists differ in length", 2) end
  local n, mean_x, mean_y = #xs, statistics.mean(xs), statistics.mean(ys)
  local xx, xy, yy = 0.0, 0.0, 0.0
  for i, x in ipairs(xs) do
    local dx, dy = x - mean_x, ys[i] --[[@as number]] - mean_y
    xx, xy, yy = xx + dx * dx, xy + dx * dy, yy + dy * dy
  end
  if n < 3 or xx == 0 then return nil end
  local slope = xy / xx
  local variance = math.max(0, yy - slope * xy) / (n - 2)
  local t = student.critical(0.05, n - 2)
  return {
    slope = slope, intercept = mean_y - slope * mean_x, r = yy > 0 and xy / (xx * yy) ^ 0.5 or 0,
    half_width = function(x) return t * (variance * (1 / n + (x - mean_x) ^ 2 / xx)) ^ 0.5 end,
  }
end

--- Friedman's test and the mean ranks of treatments; see compt.Friedman.
---@param blocks number[][]
---@return compt.Friedman
function statistics.friedman(blocks)
  check("statistics.friedman", blocks, 2)
  for _, block in ipairs(blocks) do
    check("statistics.friedman", block, 2)
    if #block ~= #blocks[1] then error("statistics.friedman: the blocks differ in length", 2) end
  end
  return ranking.friedman(blocks)
end

--- The mean difference of two methods on rows that several runs answered, with both as samples; see compt.Crossed.
---@param runs number[][] -- differences by run and row
---@param given { level?: number }?
---@return compt.Crossed
function statistics.crossed(runs, given)
  local call = "compt.statistics.crossed"
  local o = arguments.options(call, given, { { "level", arguments.fraction, 0.95 } })
  local stratum = {}
  for s, run in ipairs(arguments.list(call, runs)) do
    arguments.check(call, "each run", run, arguments.numbers)
    if #run < 2 then error(call .. ": a run needs the differences on 2 rows or more", 2) end
    if #run ~= #runs[1] then error(("%s: runs have the same rows, but one has %d and another %d"):format(call, #runs[1], #run), 2) end
    stratum[s] = { values = run }
  end
  return crossed({ stratum }, o.level)
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
