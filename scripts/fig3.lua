--- Figure 3: SSUM's scores with one source prompt only, all source prompts, the private prompt and all prompts, for one, two
--- and three sources, on GLUE (top) and SET2 (bottom).
---
---     compt run scripts/fig3.lua --jobs 2
---
--- Each map is of one run, the one nearest to the median average over seeds.
local isolation = require "paper.isolation"
local paper = require "paper.study"

return paper.main(..., isolation {
  name = "fig3", title = "Figure 3: isolated prompts of SSUM", methods = { "ssum" }, both = true,
})
