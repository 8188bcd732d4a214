--- Figure 6: SSUM with two sources on SET2: scores with one prompt only under constant weights (left) and learned ones (right),
--- and the learned logits.
---
---     compt run scripts/fig6.lua --jobs 2
---
--- Each map is of one run, the one nearest to the median average over seeds.
local compt = require "compt"
local maps = require "paper.maps"
local paper = require "paper.study"

return paper.main(..., {
  name = "fig6", title = "Figure 6: isolated prompts under constant and learned weights",
  cells = function(o)
    return paper.cells(o, {
      settings = { shots = paper.middle(o), method = "ssum", sources = 2 },
      grid = { weights = { "constant", "learned" }, seed = o.figure_seeds },
    }, true)
  end,
  show = function(runs)
    local constant, learned = runs:where { weights = "constant" }, runs:where { weights = "learned" }
    return {
      compt.figures.beside({
        maps.isolated(constant, "constant weights"), maps.isolated(learned, "learned weights"),
        maps.router(learned, "logits", "learned logits"),
      }, { title = "SSUM on SET2, two sources", columns = 3 }),
    }
  end,
})
