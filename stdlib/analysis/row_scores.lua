--- What each test row adds to the scores of a run, from its recorded answers.
local library = require "compt.library"

local row_scores = {}

---@class compt.RowScores
---@field keys any[] -- equal for the same row of each run
---@field values number[] -- their mean is the score in percent

--- Read answers, by run and metric.
local read = setmetatable({}, { __mode = "k" }) ---@type table<compt.Run, table<string, table<string, compt.RowScores>>>

--- The rows of a task, or nil if no answers of the evaluation that gave the run's score are recorded.
---@param run compt.Run
---@param task string
---@param metric string
---@return compt.RowScores?
function row_scores.of(run, task, metric)
  local known = read[run] or {}
  read[run] = known
  if known[metric] == nil then
    local metrics = {}
    for name, scores in pairs(run.scores or {}) do
      if scores[metric] then metrics[name] = metric end
    end
    known[metric] = run.path and library.row_scores(run.path, "test", metrics) or {}
  end
  local rows = (known[metric] or {})[task] ---@type compt.RowScores?
  local score = ((run.scores or {})[task] or {})[metric]
  if not rows or #rows.values == 0 or not score then return nil end
  local sum = 0.0
  for _, value in ipairs(rows.values) do sum = sum + value end
  -- A script may return the scores of another evaluation.
  if math.abs(sum / #rows.values - score) > 1e-6 then return nil end
  return rows
end

--- The differences of two runs on the same rows; nil if their rows differ.
---@param ours compt.RowScores
---@param theirs compt.RowScores
---@return compt.RowDifferences?
function row_scores.differences(ours, theirs)
  if #ours.keys ~= #theirs.keys then return nil end
  local of_key, values = {}, {} ---@type table<any, number?>, number[]
  for i, key in ipairs(theirs.keys) do of_key[key] = theirs.values[i] end
  for i, value in ipairs(ours.values) do
    local other = of_key[ours.keys[i]]
    if not other then return nil end
    values[i] = value - other
  end
  return { keys = ours.keys, values = values }
end

return row_scores
