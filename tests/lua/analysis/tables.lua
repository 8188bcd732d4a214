--- Tables of simulated runs, through the code that makes the marks of every table.
---
--- The answer of a run to a row is right by chance, with odds that have parts of the row (the same for all methods), of the
--- run (its seed), of the method and the row (which makes the runs of a method answer alike), and of the method and the task.
--- Each part has one distribution for all methods, so methods do not differ on average over rows, seeds (and tasks), unless
--- `effect` is added to all but the first.
local cells = require "compt.analysis.cells"
local random = require "compt.micro.random"
local significance = require "compt.analysis.significance"
local statistics = require "compt.statistics"

local tables = {}

---@class tables.Condition
---@field seeds integer
---@field rows integer
---@field tasks integer
---@field methods integer -- with the baseline
---@field of_seed number -- deviation of the part of a run, in log odds
---@field alike number -- deviation of the part of a method and a row
---@field of_task? number -- deviation of the part of a method and a task
---@field effect? number -- log odds added to all methods but the first
---@field claim? string
---@field hidden? boolean -- answers are not recorded
---@field average? boolean -- the table has no columns of tasks
---@field f1? boolean -- the metric is F1, half of the rows being positive; default: accuracy

local function normal(draw)
  return (-2 * math.log(1 - draw:uniform())) ^ 0.5 * math.cos(2 * math.pi * draw:uniform())
end

local function list_of(draw, count, scale)
  local list = {}
  for i = 1, count do list[i] = scale == 0 and 0 or scale * normal(draw) end
  return list
end

--- Whether each row is answered rightly.
local function answered(draw, rows, own, shift)
  local right, exp = {}, math.exp
  for i = 1, #rows do right[i] = draw:uniform() * (1 + exp(-(rows[i] + own[i] + shift))) < 1 end
  return right
end

--- The accuracy in percent, and what each row adds to it.
---@param right boolean[]
---@return number, number[]
local function accuracy(right)
  local values, sum = {}, 0
  for i, is in ipairs(right) do
    values[i] = is and 100.0 or 0.0
    sum = sum + values[i]
  end
  return sum / #right, values
end

--- F1 in percent, the rows with even numbers being positive, and what each row adds to it, as Metric::by_row.
---@param right boolean[]
---@return number, number[]
local function f1(right)
  local counts = { 0, 0, 0, 0 } -- right and wrong on negative rows, wrong and right on positive ones
  local function kind(i) return i % 2 == 1 and (right[i] and 1 or 2) or (right[i] and 4 or 3) end
  local function score() return 200 * counts[4] / math.max(1, 2 * counts[4] + counts[2] + counts[3]) end
  for i = 1, #right do counts[kind(i)] = counts[kind(i)] + 1 end
  local whole, without, mean = score(), {}, 0.0
  for k = 1, 4 do
    if counts[k] > 0 then
      counts[k] = counts[k] - 1
      without[k] = score()
      counts[k] = counts[k] + 1
      mean = mean + counts[k] * without[k] / #right
    end
  end
  local values = {}
  for i = 1, #right do values[i] = whole + (#right - 1) * (mean - without[kind(i)]) end
  return whole, values
end

---@param draw table
---@param c tables.Condition
---@return table[]
function tables.runs(draw, c)
  local runs, keys, difficulty, own, of_task = {}, {}, {}, {}, {}
  for i = 1, c.rows do keys[i] = i end
  for t = 1, c.tasks do difficulty[t] = list_of(draw, c.rows, 1) end
  for m = 1, c.methods do
    own[m], of_task[m] = {}, list_of(draw, c.tasks, c.of_task or 0)
    for t = 1, c.tasks do own[m][t] = list_of(draw, c.rows, c.alike) end
    for seed = 1, c.seeds do
      local run = {
        state = "finished", settings = { method = "m" .. m, seed = seed }, scores = {}, metrics = {}, rows = {}, average = 0,
      }
      -- A part of the run that all of its tasks have, and one of each task.
      local whole = c.of_seed == 0 and 0 or c.of_seed * normal(draw) / 2 ^ 0.5
      for t = 1, c.tasks do
        local part = c.of_seed == 0 and 0 or c.of_seed * normal(draw) / 2 ^ 0.5
        local shift = 1 + whole + part + of_task[m][t] + (m > 1 and c.effect or 0)
        local right = answered(draw, difficulty[t], own[m][t], shift)
        local score, values = (c.f1 and f1 or accuracy)(right)
        local name = "t" .. t
        run.scores[name], run.metrics[name] = { accuracy = score }, { "accuracy" }
        run.rows[name] = { keys = keys, values = values }
        run.average = run.average + score / c.tasks
      end
      runs[#runs + 1] = run
    end
  end
  return runs
end

--- The comparisons of one table: those of single tasks and those of averages.
---@param draw table
---@param c tables.Condition
---@return compt.Compared[], compt.Compared[]
function tables.compared(draw, c)
  local grid = cells.grid(tables.runs(draw, c), {
    rows = { "method" }, columns = c.average and {} or { "task" }, value = "average", tasks = not c.average,
  })
  local baseline = {}
  for i = 1, #grid.rows do baseline[i] = 1 end
  local rows = function(run, task) return not c.hidden and run.rows[task] or nil end
  local found = significance.against(grid, baseline, { name = "m1", claim = c.claim or "these tasks", rows = rows })
  local single, averages = {}, {}
  for _, row in ipairs(found.at) do
    for j, key in ipairs(grid.columns) do
      if row[j] then table.insert((c.average or key[1] == cells.AVERAGE) and averages or single, row[j]) end
    end
  end
  return single, averages
end

---@class tables.Rates
---@field marked number -- share of tables with a mark
---@field single number -- share of comparisons of one task that are marked
---@field averages number -- share of comparisons of averages that are marked
---@field covered number -- share of intervals that contain `truth`
---@field marks integer -- number of tables with a mark

--- Rates over a number of tables; `seed` makes the same ones.
---@param c tables.Condition
---@return tables.Rates
function tables.rates(c, count, seed)
  local draw = random.new(seed, "tables")
  local marks, shares, covered, intervals = 0, { { 0, 0 }, { 0, 0 } }, 0, 0
  for _ = 1, count do
    local any = false
    for k, list in ipairs { tables.compared(draw, c) } do
      for _, one in ipairs(list) do
        local marked = one.p ~= nil and one.p < 0.05
        any = any or marked
        shares[k][1], shares[k][2] = shares[k][1] + (marked and 1 or 0), shares[k][2] + 1
        if one.low then
          intervals = intervals + 1
          covered = covered + (one.low <= 0 and one.high >= 0 and 1 or 0)
        end
      end
    end
    marks = marks + (any and 1 or 0)
  end
  local function share(k) return shares[k][2] > 0 and shares[k][1] / shares[k][2] or 0 end
  return { marked = marks / count, marks = marks, single = share(1), averages = share(2), covered = covered / math.max(1, intervals) }
end

--- The share of tables with a mark by the former rule: paired t-tests over seeds, p 0 where differences are equal, Holm.
---@param c tables.Condition
function tables.rate_of_t(c, count, seed)
  local draw, marks = random.new(seed, "tables"), 0
  for _ = 1, count do
    local runs, ps = tables.runs(draw, c), {}
    for m = 1, c.methods - 1 do
      for t = 1, c.tasks do
        local ours, theirs = {}, {}
        for s = 1, c.seeds do
          theirs[s] = runs[s].scores["t" .. t].accuracy
          ours[s] = runs[m * c.seeds + s].scores["t" .. t].accuracy
        end
        local _, p = statistics.paired_t(ours, theirs)
        ps[#ps + 1] = p or 0
      end
    end
    local least = 1
    for _, p in ipairs(statistics.holm(ps)) do least = math.min(least, p) end
    marks = marks + (least < 0.05 and 1 or 0)
  end
  return marks / count
end

return tables
