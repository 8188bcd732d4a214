--- Figure 3: each prompt by itself, on GLUE's tasks: one source, all sources, the private prompt.
---
---     compt run scripts/fig3.lua --jobs 2
---
--- A product has no value without either factor: of MSUM a column is one source times the private prompt. The
--- paper reads off these maps what sources and private prompts hold; see its figure 3.
local isolation = require "paper.isolation"
local paper = require "paper.study"

return paper.main(..., isolation {
  name = "fig3", title = "Figure 3: isolated prompts",
  found = "maps of isolated prompts, read for what sources and private prompts hold; figure 3",
})
