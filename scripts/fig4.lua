--- Figure 4: isolated prompts on SET2's tasks: one source, all sources, the private prompt.
---
---     compt run scripts/fig4.lua --jobs 2
---
--- MSUM is a product, so each of its columns is one source prompt times the private prompt. The paper uses these maps to
--- show what source and private prompts contain; see its figure 4.
local isolation = require "paper.isolation"
local paper = require "paper.study"

return paper.main(..., isolation {
  name = "fig4", second = true, title = "Figure 4: isolated prompts",
  found = "maps of isolated prompts, to show what sources and private prompts contain; figure 4",
})
