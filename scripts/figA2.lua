--- Figure A2: MSUM's scores with one source prompt only, by learning rate of the private prompts, at 50 epochs.
---
---     compt run scripts/figA2.lua --jobs 2 [--set rates=0.01,0.02,0.05,0.1]
---
--- Each map is of one run, the one nearest to the median average over seeds.
local paper = require "paper.study"
local private_rate = require "paper.private_rate"

return paper.main(..., {
  name = "figA2", title = "Figure A2: the private learning rate, MSUM",
  check = function() paper.refuse({ "epochs" }, "it has 50 epochs") end,
  cells = function(o) return private_rate.cells(o, { "msum" }, { 50 }) end,
  show = function(runs, o) return { private_rate.maps(runs, o, "msum", 50) } end,
})
