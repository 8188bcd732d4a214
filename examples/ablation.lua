--- A grid of runs: methods, shots and seeds, with a table, a figure and a page of the results.
---
---     compt run examples/ablation.lua --jobs 2
---     compt run examples/ablation.lua --dry-run
---
--- If it is stopped, start it again: it continues, and finished runs are not run again. The cell is in a file of its own
--- (examples/ablation/cell.lua): editing titles and tables here does not run it again.
local compt = require "compt"

local quick = compt.args.quick

local runs = compt.ablate {
  settings = { epochs = quick and 2 or 30, max_test = quick and 4 or nil },
  grid = {
    method = { "pt", "ssum", "mcat" },
    shots = quick and { 2 } or { 8, 16 },
    seed = quick and { 1, 2 } or { 1, 2, 3 },
  },
  derive = function(s) return { length = s.method == "mcat" and 10 or 20 } end,
  run = "ablation/cell.lua",
}

local scores = compt.report.table(runs, { rows = { "shots", "method" }, columns = "task", baseline = "pt" })
local figure = compt.figures.lines(runs, { title = "Average over tasks", x = "shots", by = "method" })
print(scores)
scores:save "pages/ablation.tex"
figure:save "pages/ablation.svg"
print(compt.report.page {
  path = "pages/ablation.html",
  title = "Methods by rows",
  runs = runs,
  sections = { { title = "Scores", parts = { scores, figure } } },
})
