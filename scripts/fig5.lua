--- Figure 5: constant (1/S) or learned router weights, by number of rows and by number of sources.
---
---     compt run scripts/fig5.lua --jobs 2
---
--- The paper compares the two by data size and by number of sources; the curves are in its figure 5.
local compt = require "compt"
local paper = require "paper.study"

return paper.main(..., {
  name = "fig5",
  title = "Figure 5: constant or learned weights",
  found = "constant and learned weights by data size and number of sources; curves in figure 5",
  cells = function(o)
    local weights = { "learned", "constant" }
    local cells = paper.cells(o, {
      grid = { method = { "ssum", "msum", "mcat" }, weights = weights, shots = o.shots, seed = o.seeds },
    })
    local more = paper.cells(o, {
      settings = { shots = paper.middle(o), method = "ssum" },
      grid = { sources = o.quick and { 1, 2 } or { 1, 2, 3, 5, 7, 10 }, weights = weights, seed = o.seeds },
    })
    return table.move(more, 1, #more, #cells + 1, cells)
  end,
  show = function(runs, o)
    local parts, k = {}, paper.middle(o)
    local three = runs:where { sources = 3 }
    for _, method in ipairs { "ssum", "msum", "mcat" } do
      parts[#parts + 1] = compt.figures.lines(three:where { method = method }, {
        title = method .. ", by rows per task", x = "shots", by = "weights", log = true,
      })
    end
    parts[#parts + 1] = compt.figures.lines(runs:where { method = "ssum", shots = k }, {
      title = "ssum, by number of sources", x = "sources", by = "weights",
    })
    local tables = compt.report.table(three, { rows = { "method", "shots", "weights" }, baseline = "constant" })
    return { compt.figures.beside(parts, { title = "Constant or learned weights" }), tables }
  end,
})
