--- Figure 6: isolated prompts with constant and with learned weights, and the learned logits.
---
---     compt run scripts/fig6.lua --jobs 2
---
--- Maps of one run (the first seed), because the order of source prompts differs between runs.
local compt = require "compt"
local maps = require "paper.maps"
local paper = require "paper.study"

return paper.main(..., {
  name = "fig6",
  title = "Figure 6: constant and learned weights side by side",
  found = "isolated scores under both kinds of weights beside the learned logits; maps in figure 6",
  cells = function(o)
    return paper.cells(o, {
      settings = { shots = paper.middle(o), seed = o.seeds[1] },
      grid = { method = { "ssum", "msum" }, weights = { "constant", "learned" } },
    })
  end,
  show = function(runs)
    local figures = {}
    for _, method in ipairs { "ssum", "msum" } do
      local own = runs:where { method = method }
      figures[#figures + 1] = compt.figures.beside({
        maps.isolated(own:where { weights = "constant" }, method .. ", constant weights"),
        maps.isolated(own:where { weights = "learned" }, method .. ", learned weights"),
        maps.router(own:where { weights = "learned" }, "logits", method .. ", learned logits"),
      }, { title = "One prompt alone under constant and learned weights, and the logits (" .. method .. ")" })
    end
    return figures
  end,
})
