--- The comparison of two cells of a table: the one rule by which tables, pages and scripts test a difference.
---
--- A cell of one task is tested by the answers of both rows to the same test rows, with rows and runs as samples; without
--- such answers by the seeds, if there are enough of them. An average over tasks is tested for the claim that is made: on
--- these tasks (seeds are the sample), or on tasks like these (tasks are the sample). What the design cannot show has no p.
local crossed = require "compt.statistics.crossed"
local row_scores = require "compt.analysis.row_scores"
local statistics = require "compt.statistics"
local student = require "compt.statistics.student"

local comparison = {}

--- With fewer pairs no sign-flip test has a p below 0.05: 2 / 2^5 = 0.0625.
comparison.FEWEST = 6
local LEVEL = 0.95

---@class compt.Compared
---@field effect number? -- mean difference of the pairs
---@field low number? -- 95 % confidence interval
---@field high number?
---@field p number? -- before any correction
---@field test string? -- what was tested: "rows", "answers", "seeds", "seed means", "tasks"
---@field units integer? -- the number of seeds or tasks that a sign-flip test is over
---@field least number? -- the smallest p that they allow
---@field why string? -- why there is no p

---@alias compt.RowsOf fun(run: compt.Run, task: string, metric: string): compt.RowScores?

---@class compt.CellPair
---@field ours compt.CellValue
---@field theirs compt.CellValue

--- What pairs two runs: the seeds.
---@param value compt.CellValue
local function seeds_of(value)
  local data = value.run.settings.data_seed
  return tostring(value.seed) .. "\0" .. tostring(data)
end

--- The values of two cells in pairs of equal seeds, in the order of the first; nil and why not.
---@param ours compt.CellValue[]
---@param theirs compt.CellValue[]
---@return compt.CellPair[]?, string?
local function paired(ours, theirs)
  local by_seed = {}
  for _, one in ipairs(theirs) do
    local key = seeds_of(one)
    if by_seed[key] then return nil, "a seed occurs twice in a cell" end
    by_seed[key] = one
  end
  local pairs_, seen = {}, {}
  for _, one in ipairs(ours) do
    local key = seeds_of(one)
    if seen[key] then return nil, "a seed occurs twice in a cell" end
    seen[key] = true
    if by_seed[key] then pairs_[#pairs_ + 1] = { ours = one, theirs = by_seed[key] } end
  end
  if #pairs_ == 0 then return nil, "no seed is in both cells" end
  return pairs_
end

--- The differences of each pair on the rows of a task; nil if answers are missing or rows differ.
---@param pairs_ compt.CellPair[]
---@param rows_of compt.RowsOf
---@return compt.RowDifferences[]?
local function on_rows(pairs_, task, rows_of)
  local found = {}
  for s, pair in ipairs(pairs_) do
    local metric = pair.ours.metrics and pair.ours.metrics[task]
    local ours = metric and rows_of(pair.ours.run, task, metric)
    local theirs = metric and rows_of(pair.theirs.run, task, metric)
    found[s] = ours and theirs and row_scores.differences(ours, theirs)
    if not found[s] or #found[s].values < 2 then return nil end
  end
  return found
end

--- The sign-flip test over rows, each with its answers in all runs.
---@param runs compt.RowDifferences[]
local function flipped(runs)
  local place, sums = {}, {}
  local first = runs[1] --[[@as compt.RowDifferences]]
  for _, run in ipairs(runs) do
    for i, value in ipairs(run.values) do
      local key = run.keys and run.keys[i] or i
      place[key] = place[key] or #sums + 1
      sums[place[key]] = (sums[place[key]] or 0) + value * #first.values / #run.values
    end
  end
  return (statistics.sign_flip(sums))
end

--- One task, by the answers to its test rows. With several runs the difference must stand out against the rows and
--- against rows and runs together.
---@param runs compt.RowDifferences[]
---@return compt.Compared
local function by_answers(runs)
  local found, p = crossed({ runs }, LEVEL), flipped(runs)
  local one = #runs == 1
  local compared = { effect = found.effect, low = found.low, high = found.high, test = one and "answers" or "rows" } ---@type compt.Compared
  if one then
    compared.p = p
  elseif found.p then
    compared.p = math.max(p, found.p)
  else
    compared.why = "all rows differ by the same amount"
  end
  if found.error == 0 then compared.low, compared.high = nil, nil end
  return compared
end

--- Why a sample is too small.
local TOO_FEW = {
  seeds = "%d seed%s without recorded answers to the same test rows (%d are needed)",
  ["seed means"] = "averages over %d seed%s (%d are needed)",
  tasks = "averages over %d task%s as a sample (%d are needed)",
}

--- Differences of a sample, by the sign-flip test, with the interval of Student's t.
---@param differences number[]
---@param kind "seeds"|"seed means"|"tasks"
---@return compt.Compared
local function by_sample(differences, kind)
  local n, mean, sd = #differences, statistics.mean(differences), statistics.sd(differences)
  local found = { effect = mean } ---@type compt.Compared
  -- Equal differences have a deviation of rounding errors.
  if sd > 1e-9 then
    local width = student.critical(1 - LEVEL, n - 1) * sd / n ^ 0.5
    found.low, found.high = mean - width, mean + width
  end
  if n < comparison.FEWEST then
    found.why = TOO_FEW[kind]:format(n, n == 1 and "" or "s", comparison.FEWEST)
  else
    found.p, found.test, found.units, found.least = statistics.sign_flip(differences), kind, n, 2 / 2 ^ n
  end
  return found
end

--- The difference of a pair on a task; nil if one of them has no score.
---@param pair compt.CellPair
---@return number?
local function difference_of(pair, task)
  local ours, theirs = (pair.ours.scores or {})[task], (pair.theirs.scores or {})[task]
  return ours and theirs and ours - theirs
end

--- The tasks that both runs of each pair have, sorted.
---@param pairs_ compt.CellPair[]
---@return string[]
local function common_tasks(pairs_)
  local list = {}
  local first = pairs_[1] --[[@as compt.CellPair]]
  for task in sorted_pairs(first.ours.scores or {}) do
    local all = true
    for _, pair in ipairs(pairs_) do all = all and difference_of(pair, task) ~= nil end
    if all then list[#list + 1] = task end
  end
  return list
end

--- Adds what a crossed test says: its interval, and its p if that is larger.
---@param found compt.Compared
---@param more compt.Crossed
local function with_crossed(found, more)
  if more.error > 0 then found.low, found.high = more.low, more.high end
  if found.p and more.p then found.p = math.max(found.p, more.p) end
  return found
end

--- An average, for the claim that holds on these tasks.
---@param pairs_ compt.CellPair[]
---@param tasks string[]
---@param rows_of compt.RowsOf
---@return compt.Compared
local function on_these_tasks(pairs_, tasks, rows_of)
  local differences, strata = {}, {} ---@type number[], compt.RowDifferences[][]?
  for s, pair in ipairs(pairs_) do differences[s] = pair.ours.value - pair.theirs.value end
  local found = by_sample(differences, "seed means")
  for t, task in ipairs(tasks) do
    local rows = strata and on_rows(pairs_, task, rows_of)
    if rows and strata then strata[t] = rows else strata = nil end
  end
  -- Answers of other tasks than the average has would be another quantity.
  local more = strata and crossed(strata, LEVEL)
  local same = more and math.abs(more.effect - (found.effect or 0)) < 1e-6
  return more and same and #pairs_ > 1 and with_crossed(found, more) or found
end

--- An average, for the claim that holds on tasks like these.
---@param pairs_ compt.CellPair[]
---@param tasks string[]
---@return compt.Compared
local function on_such_tasks(pairs_, tasks)
  local means, runs = {}, {} ---@type number[], compt.RowDifferences[]
  for t, task in ipairs(tasks) do
    local sum = 0.0
    for s, pair in ipairs(pairs_) do
      local difference = difference_of(pair, task) --[[@as number]]
      runs[s] = runs[s] or { values = {} }
      runs[s].values[t], sum = difference, sum + difference
    end
    means[t] = sum / #pairs_
  end
  local found = by_sample(means, "tasks")
  return #tasks > 1 and #pairs_ > 1 and with_crossed(found, crossed({ runs }, LEVEL)) or found
end

--- Compares the values of two cells.
---@param ours compt.CellValue[]
---@param theirs compt.CellValue[]
---@param o { claim: "these tasks"|"tasks", rows: compt.RowsOf }
---@return compt.Compared
function comparison.of(ours, theirs, o)
  local pairs_, why = paired(ours, theirs)
  if not pairs_ then return { why = why } end
  local tasks = common_tasks(pairs_)
  if #tasks > 1 then
    if o.claim == "tasks" then return on_such_tasks(pairs_, tasks) end
    return on_these_tasks(pairs_, tasks, o.rows)
  end
  local runs = tasks[1] and on_rows(pairs_, tasks[1], o.rows)
  if runs then return by_answers(runs) end
  local differences = {}
  for s, pair in ipairs(pairs_) do differences[s] = pair.ours.value - pair.theirs.value end
  return by_sample(differences, "seeds")
end

return comparison
