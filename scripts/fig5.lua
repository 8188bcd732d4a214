--- Figure 5: constant (1/S) and learned router weights on GLUE, by rows per task (top; 3 sources for MSUM, 2 for MCAT and SSUM)
--- and by number of sources (bottom; 16 rows per task).
---
---     compt run scripts/fig5.lua --jobs 2 [--set sources=1,2,3,5,7,10]
local compt = require "compt"
local paper = require "paper.study"

local METHODS, WEIGHTS = { "msum", "mcat", "ssum" }, { "learned", "constant" }
--- The number of sources by method in the upper row.
local SOURCES = { msum = 3, mcat = 2, ssum = 2 }

return paper.main(..., {
  name = "fig5", title = "Figure 5: constant and learned weights",
  cells = function(o)
    local list = {}
    for i, method in ipairs(METHODS) do list[i] = { method = method, sources = SOURCES[method] } end
    local by_rows = paper.cells(o, { list = list, grid = { weights = WEIGHTS, shots = o.shots, seed = o.figure_seeds } })
    return paper.joined(by_rows, paper.cells(o, {
      settings = { shots = paper.middle(o) },
      grid = { method = METHODS, sources = paper.sources(o), weights = WEIGHTS, seed = o.figure_seeds },
    }))
  end,
  show = function(runs, o)
    local panels, upper = {}, runs:where(function(run) return run.settings.sources == SOURCES[run.settings.method] end)
    for _, method in ipairs(METHODS) do
      panels[#panels + 1] = compt.figures.lines(upper:where { method = method }, {
        title = ("%s, %d sources"):format(method, SOURCES[method]), x = "shots", by = "weights", log = true, order = WEIGHTS,
      })
    end
    local counts = {}
    for _, count in ipairs(paper.sources(o)) do counts[count] = true end
    local lower = runs:where(function(run)
      return run.settings.shots == paper.middle(o) and counts[run.settings.sources] == true
    end)
    for _, method in ipairs(METHODS) do
      panels[#panels + 1] = compt.figures.lines(lower:where { method = method }, {
        title = ("%s, %d rows"):format(method, paper.middle(o)), x = "sources", by = "weights", order = WEIGHTS,
      })
    end
    return {
      compt.figures.beside(panels, { title = "Constant and learned weights", columns = 3 }),
      compt.report.table(upper, {
        title = "By rows per task", rows = { "method", "shots", "weights" }, baseline = "constant",
      }),
      compt.report.table(lower, {
        title = "By number of sources", rows = { "method", "sources", "weights" }, baseline = "constant",
      }),
    }
  end,
})
