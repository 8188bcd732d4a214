--- Table 8: the compositions beside fine-tuning, prompt tuning, SPoT, ATTEMPT, ATTEMPT-m and MPT.
---
---     compt run scripts/table8.lua --jobs 2
---
--- The paper's abstract claims to outperform them substantially with few rows; its scores are in its table 8.
--- Rates of the peers were chosen on validation rows (scripts/paper/cell.lua), each among three or four.
local compt = require "compt"
local paper = require "paper.study"

return paper.main(..., {
  name = "table8",
  title = "Table 8: beside other methods",
  found = "its abstract: the compositions well above other methods with few rows; scores in table 8",
  cells = function(o)
    local methods = { "fine-tuning", "pt", "pt-m", "spot", "attempt", "attempt-m", "mpt", "mcat", "msum", "ssum" }
    return paper.cells(o, { settings = { shots = paper.middle(o) }, grid = { method = methods, seed = o.seeds } })
  end,
  show = function(runs)
    return { compt.report.table(runs, { title = "Test scores", rows = "method", columns = "task", baseline = "pt-m" }) }
  end,
})
