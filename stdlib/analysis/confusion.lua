--- Tables of the predicted texts by true label, from the recorded predictions of evaluations.
local arguments = require "compt.arguments"
local library = require "compt.library"
local result_table = require "compt.analysis.result_table"

local CALL = "compt.report.confusion"

local confusion = {}

local RULES = {
  { "task", arguments.name }, { "look", arguments.name, "test" }, { "title", arguments.optional(arguments.name) },
  { "limit", arguments.optional(arguments.whole(0)) },
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

--- The number of rows by predicted text and label, the labels, and the number of runs.
---@param runs compt.Run[]
---@return table<string, table<string, integer>>, string[]?, integer
local function counted(runs, task, look)
  local counts, labels, of_runs = {}, nil, 0
  for _, run in ipairs(runs) do
    for _, one in ipairs(library.answers(run.path, look) or {}) do
      if one.task == task and #one.labels > 0 then
        labels, of_runs = labels or one.labels, of_runs + 1
        for i, label in ipairs(one.label) do
          local text = one.prediction[i]
          local by_label = counts[text] or {}
          counts[text], by_label[label] = by_label, (by_label[label] or 0) + 1
        end
      end
    end
  end
  return counts, labels, of_runs
end

---@param by_label table<string, integer>
---@return integer
local function total(by_label)
  local sum = 0 ---@type integer
  for _, count in pairs(by_label) do sum = sum + count end
  return sum
end

--- The predicted texts that are no label, the most frequent first.
---@return string[]
local function others(counts, labels)
  local is_label, texts = {}, {}
  for _, label in ipairs(labels) do is_label[label] = true end
  for text in pairs(counts) do
    if not is_label[text] then texts[#texts + 1] = text end
  end
  table.sort(texts, function(a, b)
    local of_a, of_b = total(counts[a]), total(counts[b])
    if of_a ~= of_b then return of_a > of_b end
    return a < b
  end)
  return texts
end

--- The rows of the table, { name, counts by label }: the labels, then at most `limit` other texts,
--- and the rest in one row.
local function lines(counts, labels, limit)
  local list = {}
  for _, label in ipairs(labels) do list[#list + 1] = { label, counts[label] or {} } end
  local texts, rest = others(counts, labels), {}
  local shown = math.min(limit or #texts, #texts)
  for i, text in ipairs(texts) do
    if i <= shown then
      list[#list + 1] = { text == "" and "(empty)" or text, counts[text] }
    else
      for label, count in pairs(counts[text]) do rest[label] = (rest[label] or 0) + count end
    end
  end
  if shown < #texts then
    local left = #texts - shown
    list[#list + 1] = { ("(%d other text%s)"):format(left, left == 1 and "" or "s"), rest }
  end
  return list, #texts
end

local function share(part, whole) return whole > 0 and 100 * part / whole or nil end

--- Predicted texts by labels, with the recall of each label and the total accuracy. Counts of several runs are added. nil
--- if there are no recorded predictions of that evaluation.
---@param runs compt.Runs
---@param given compt.ConfusionOptions
---@return compt.ResultTable?
function confusion.table(runs, given)
  local o = arguments.options(CALL, given, RULES)
  local counts, labels, of_runs = counted(runs, o.task, o.look)
  if not labels then return nil end
  local function cell(value, text)
    return { mean = value, n = of_runs, expected = of_runs, values = {}, text = text }
  end
  local function percent(value) return cell(value, value and ("%.1f %%"):format(value) or "–") end

  local list, unlike = lines(counts, labels, o.limit)
  local columns, rows, cells = {}, {}, {}
  for j, label in ipairs(labels) do columns[j] = { label } end
  columns[#columns + 1] = { "total accuracy" }
  for i, line in ipairs(list) do
    rows[i], cells[i] = { line[1] }, {}
    for j, label in ipairs(labels) do cells[i][j] = cell(line[2][label] or 0) end
    cells[i][#columns] = cell(nil, "")
  end

  local recall, right, all = {}, 0, 0
  for j, label in ipairs(labels) do
    local of_label = 0
    for _, by_label in pairs(counts) do of_label = of_label + (by_label[label] or 0) end
    local hits = (counts[label] or {})[label] or 0
    right, all = right + hits, all + of_label
    recall[j] = percent(share(hits, of_label))
  end
  recall[#columns] = percent(share(right, all))
  rows[#rows + 1], cells[#cells + 1] = { "recall" }, recall

  ---@type string[]
  local notes = {
    ("%d run%s, counts are added; recall: the share of a label's rows that are predicted as this label")
      :format(of_runs, of_runs == 1 and "" or "s"),
  }
  if unlike > 0 and not o.look:find("decoding-full", 1, true) then
    notes[2] = 'texts that are no label of the task end where this was certain; decoding = "full" keeps them whole'
  end
  return result_table {
    title = o.title or ("%s, %s"):format(o.task, o.look), row_names = { "prediction" }, column_names = { "label" },
    rows = rows, columns = columns, cells = cells, digits = 0, warnings = {}, notes = notes,
  }
end

return confusion
