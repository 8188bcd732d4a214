--- Figure 3: isolated prompts on GLUE's tasks: one source, all sources, the private prompt.
---
---     compt run scripts/fig3.lua --jobs 2
---
--- MSUM is a product, so each of its columns is one source prompt times the private prompt. The paper uses these maps to
--- show what source and private prompts contain; see its figure 3.
local isolation = require "paper.isolation"
local paper = require "paper.study"

return paper.main(..., isolation {
  name = "fig3", title = "Figure 3: isolated prompts",
  found = "maps of isolated prompts, to show what sources and private prompts contain; figure 3",
})
