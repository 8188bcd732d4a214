--- Table 2: the four methods on SET2's tasks; on the micro backbone, on six of its tasks.
---
---     compt run scripts/table2.lua --jobs 2
---
--- The paper (averages over six tasks, k = 8 / 16 / 32): PT 64.4 / 65.4 / 66.5, MCAT 70.6 / 72.6 / 77.1,
--- MSUM 71.2 / 74.0 / 77.3, SSUM 71.4 / 70.0 / 77.3.
local compt = require "compt"
local paper = require "paper.study"

return paper.main(..., {
  name = "table2",
  title = "Table 2: methods by tasks and rows, second set of tasks",
  found = "PT 64.4 / 65.4 / 66.5, MCAT 70.6 / 72.6 / 77.1, MSUM 71.2 / 74.0 / 77.3, SSUM 71.4 / 70.0 / 77.3 at k = 8 / 16 / 32",
  cells = function(o)
    local grid = { method = { "pt", "mcat", "msum", "ssum" }, shots = o.shots, seed = o.seeds }
    return paper.cells(o, { grid = grid }, true)
  end,
  show = function(runs)
    return {
      compt.report.table(runs, { title = "Test scores", rows = { "shots", "method" }, columns = "task", baseline = "pt" }),
      compt.figures.lines(runs, { title = "Average over tasks", x = "shots", by = "method", log = true }),
    }
  end,
})
