--- Figure 7: the learning rate of private prompts, by epochs, with the scores of isolated prompts (ssum).
---
---     compt run scripts/fig7.lua --jobs 2 [--set rates=0.01,0.05] [--set lengths=10,50]
---
--- The paper varies this rate from 0.01 upwards; its maps are in figure 7.
local paper = require "paper.study"
local private_rate = require "paper.private_rate"

return paper.main(..., private_rate {
  name = "fig7", method = "ssum", title = "Figure 7: the private learning rate (ssum)",
  found = "private rates of at least 0.01, by epochs, with isolated scores; figure 7",
})
