--- Figure 4: each prompt by itself, on SET2's tasks: one source, all sources, the private prompt.
---
---     compt run scripts/fig4.lua --jobs 2
---
--- A product has no value without either factor: of MSUM a column is one source times the private prompt. The
--- paper reads off these maps what sources and private prompts hold; see its figure 4.
local isolation = require "paper.isolation"
local paper = require "paper.study"

return paper.main(..., isolation {
  name = "fig4", second = true, title = "Figure 4: isolated prompts",
  found = "maps of isolated prompts, read for what sources and private prompts hold; figure 4",
})
