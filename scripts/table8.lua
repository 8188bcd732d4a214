--- Table 8: the compositions compared with fine-tuning, prompt tuning, SPoT, ATTEMPT, ATTEMPT-m and MPT.
---
---     compt run scripts/table8.lua --jobs 2
---
--- According to its abstract, the paper's methods are substantially better with few rows; its scores are in its table 8. The
--- learning rates of other methods were chosen from three or four values on validation rows (scripts/paper/cell.lua).
local compt = require "compt"
local paper = require "paper.study"

return paper.main(..., {
  name = "table8",
  title = "Table 8: comparison with other methods",
  found = "its abstract: the compositions are substantially better than other methods with few rows; scores in table 8",
  cells = function(o)
    local methods = { "fine-tuning", "pt", "pt-m", "spot", "attempt", "attempt-m", "mpt", "mcat", "msum", "ssum" }
    return paper.cells(o, { settings = { shots = paper.middle(o) }, grid = { method = methods, seed = o.seeds } })
  end,
  show = function(runs)
    return { compt.report.table(runs, { title = "Test scores", rows = "method", columns = "task", baseline = "pt-m" }) }
  end,
})
