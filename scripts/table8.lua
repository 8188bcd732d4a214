--- Table 8: SSUM compared with fine-tuning, prompt tuning, SPoT, ATTEMPT, ATTEMPT-m and MPT on GLUE's tasks.
---
---     compt run scripts/table8.lua --jobs 2
---     compt run scripts/table8.lua --set rows=5000 --set epochs=5 --set backbone=t5-base --set data=DIR
---
--- The paper sets SSUM with 5,000 rows per task beside the numbers of other papers, which used all rows. Here all methods are
--- trained on the same rows (256 per task on the micro tasks). The rates of every method are chosen on validation rows,
--- with the same budget (scripts/paper/rates.lua), before its cells: `compt sweep plan` shows one search at a time.
---
--- CoLA's score is accuracy here, as it seems to be in the paper's own row; the rows it cites have Matthews correlation.
local compt = require "compt"
local paper = require "paper.study"
local published = require "paper.published"

local METHODS = { "ssum", "fine-tuning", "pt", "spot", "attempt", "attempt-m", "mpt" }

return paper.main(..., {
  name = "table8", title = "Table 8: comparison with other methods", searches = true,
  check = function() paper.refuse({ "shots" }, "this study has rows=N rows per task") end,
  cells = function(o)
    local rates = require "paper.rates"
    local list = {}
    for i, method in ipairs(METHODS) do list[i] = { method = method, sources = method == "ssum" and 10 or nil } end
    local settings = { shots = paper.many(o), epochs = o.epochs or 5, max_test = o.base.max_test or o.backbone ~= "micro" and 5000 or nil }
    for i, s in ipairs(paper.cells(o, { settings = settings, list = list })) do
      list[i].scale = compt.args.runs and paper.CHOSEN or rates(s, compt.out or "runs/paper", o.quick)
    end
    return paper.cells(o, { settings = settings, list = list, grid = { seed = o.seeds } })
  end,
  show = function(runs)
    local rows = {}
    for i, method in ipairs(METHODS) do rows[i] = { method } end
    return {
      compt.report.table(runs, {
        title = "Table 8: comparison with other methods", rows = "method", columns = "task", baseline = "pt",
      }),
      published {
        title = "Table 8: comparison with other methods", row_names = { "method" }, rows = rows,
        columns = { "mnli", "qqp", "qnli", "sst2", "stsb", "mrpc", "rte", "cola", "average" },
        values = {
          { 82.1, 89.6, 92.8, 93.2, 89.3, 86.0, 73.3, 81.8, 86.0 },
          { 86.8, 91.6, 93.0, 94.6, 89.7, 90.2, 71.9, 61.8, 84.9 },
          { 81.3, 89.7, 92.8, 90.9, 89.5, 68.1, 54.7, 10.6, 72.2 },
          { 85.4, 90.1, 93.0, 93.4, 90.0, 79.7, 69.8, 57.1, 82.3 },
          { 84.3, 90.3, 93.0, 93.2, 89.7, 85.7, 73.4, 57.4, 83.4 },
          { 83.8, 90.0, 93.1, 93.7, 90.8, 86.1, 79.9, 64.3, 85.2 },
          { 84.3, 90.0, 93.0, 93.3, 90.4, 89.2, 82.7, 63.5, 85.8 },
        },
      },
    }
  end,
})
