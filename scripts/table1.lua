--- Table 1: the four methods on GLUE's tasks, at several numbers of rows per task.
---
---     compt run scripts/table1.lua --jobs 2
---     compt run scripts/table1.lua --set backbone=t5-base --set data=DIR --set epochs=50
---
--- The paper (T5-base, averages over eight GLUE tasks, three seeds, k = 8 / 16 / 32): PT 63.4 / 63.3 / 70.2,
--- MCAT 74.3 / 78.5 / 80.4, MSUM 76.0 / 78.4 / 80.4, SSUM 74.4 / 79.5 / 81.0: every composition is much better
--- than prompt tuning, most of all with few rows, and the three have similar scores.
local compt = require "compt"
local paper = require "paper.study"

return paper.main(..., {
  name = "table1",
  title = "Table 1: methods by tasks and rows",
  found = "PT 63.4 / 63.3 / 70.2, MCAT 74.3 / 78.5 / 80.4, MSUM 76.0 / 78.4 / 80.4, SSUM 74.4 / 79.5 / 81.0 at k = 8 / 16 / 32",
  cells = function(o)
    return paper.cells(o, { grid = { method = { "pt", "mcat", "msum", "ssum" }, shots = o.shots, seed = o.seeds } })
  end,
  show = function(runs)
    local rows = { "shots", "method" }
    return {
      compt.report.table(runs, { title = "Test scores", rows = rows, columns = "task", baseline = "pt" }),
      compt.report.table(runs:where(function(run) return run.settings.method == "mcat" end), {
        title = "MCAT with inference weights like those of training (softmax of sigmoids)", rows = "method",
        columns = "shots", value = "alike",
      }),
      compt.figures.lines(runs, { title = "Average over tasks", x = "shots", by = "method", log = true }),
      compt.figures.curves(runs, { title = "Training loss", by = "method" }),
    }
  end,
})
