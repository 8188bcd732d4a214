--- Confusion matrices, from the recorded predictions of evaluations.
local arguments = require "compt.arguments"
local library = require "compt.library"
local result_table = require "compt.analysis.result_table"

local CALL = "compt.report.confusion"
local OTHER = "(other)"

local confusion = {}

local RULES = {
  { "task", arguments.name }, { "look", arguments.name, "test" }, { "title", arguments.optional(arguments.name) },
}

--- The tasks with label words of which a run has recorded predictions.
---@param run compt.Run
---@return string[]
function confusion.tasks(run)
  local names = {}
  for _, one in ipairs(library.answers(run.path, "test") or {}) do
    if #one.labels > 0 then names[#names + 1] = one.task end
  end
  return names
end

---@param runs compt.Run[]
---@return table<string, table<string, integer>>, string[]?, integer
local function counted(runs, task, look)
  local counts, labels, rested = {}, nil, 0
  for _, run in ipairs(runs) do
    for _, one in ipairs(library.answers(run.path, look) or {}) do
      if one.task == task and #one.labels > 0 then
        labels, rested = labels or one.labels, rested + 1
        local known = {}
        for _, label in ipairs(one.labels) do known[label] = true end
        for i, label in ipairs(one.label) do
          local said = known[one.prediction[i]] and one.prediction[i] or OTHER
          counts[label] = counts[label] or {}
          counts[label][said] = (counts[label][said] or 0) + 1
        end
      end
    end
  end
  return counts, labels, rested
end

--- Labels by predictions, with the recall of each label. Counts of several runs are added. nil if there are no recorded
--- predictions of that evaluation.
---@param runs compt.Runs
---@param given compt.ConfusionOptions
---@return compt.ResultTable?
function confusion.table(runs, given)
  local o = arguments.options(CALL, given, RULES)
  local counts, labels, rested = counted(runs, o.task, o.look)
  if not labels then return nil end
  local rows, columns, cells, other = {}, {}, {}, false
  for _, said in pairs(counts) do other = other or said[OTHER] ~= nil end
  for j, label in ipairs(labels) do columns[j] = { label } end
  if other then columns[#columns + 1] = { OTHER } end
  columns[#columns + 1] = { "recall" }
  for i, label in ipairs(labels) do
    rows[i], cells[i] = { label }, {}
    local said, total = counts[label] or {}, 0
    for _, count in pairs(said) do total = total + count end
    for j, key in ipairs(columns) do
      local count = said[key[1]] or 0
      cells[i][j] = { mean = count, n = rested, expected = rested, values = {} }
    end
    local recall = total > 0 and 100 * (said[label] or 0) / total or nil
    cells[i][#columns] = { mean = recall, n = rested, expected = rested, values = {},
      text = recall and ("%.1f %%"):format(recall) or "–" }
  end
  return result_table {
    title = o.title or ("%s, %s"):format(o.task, o.look), row_names = { "label" }, column_names = { "prediction" },
    rows = rows, columns = columns, cells = cells, digits = 0, warnings = {},
    notes = { ("%d run%s, counts are added; recall: the share of a label's rows that are predicted as this label"):format(rested, rested == 1 and "" or "s") },
  }
end

return confusion
