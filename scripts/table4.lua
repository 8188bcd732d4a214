--- Table 4: the four methods with many rows, on SET2's tasks: 5,000 a task in the paper, 256 on the micro tasks.
---
---     compt run scripts/table4.lua --jobs 2
---     compt run scripts/table4.lua --set rows=5000 --set epochs=5 --set backbone=t5-base --set data=DIR
---
--- The paper's question is whether the gain over prompt tuning is one of few rows alone; its figures are to be
--- taken from it.
local compt = require "compt"
local paper = require "paper.study"

return paper.main(..., {
  name = "table4",
  title = "Table 4: methods with many rows, second set of tasks",
  found = "5,000 rows a task; its scores are in table 4 of the paper",
  cells = function(o)
    local micro = o.backbone == "micro"
    local settings = { shots = o.quick and 2 or compt.args.rows or (micro and 256 or 5000), epochs = o.epochs or 5 }
    settings.tasks = "second"
    return paper.cells(o, { settings = settings, grid = { method = { "pt", "mcat", "msum", "ssum" }, seed = o.seeds } })
  end,
  show = function(runs)
    return {
      compt.report.table(runs, { title = "Test scores", rows = "method", columns = "task", baseline = "pt" }),
      compt.figures.curves(runs, { title = "Training loss", by = "method" }),
    }
  end,
})
