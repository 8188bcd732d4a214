--- Figure 7: the average by learning rate of the private prompts, with the rate of the source prompts fixed at 0.05: all
--- methods at 50 epochs (top left) and 30 (top right); scores with one prompt only at some of the rates, of SSUM at 50 epochs
--- (middle) and of MSUM at 30 (bottom).
---
---     compt run scripts/fig7.lua --jobs 2 [--set rates=0.01,0.02,0.05,0.1]
---
--- The maps are of one run each, the one nearest to the median average over seeds.
local compt = require "compt"
local paper = require "paper.study"
local private_rate = require "paper.private_rate"

local METHODS, EPOCHS = { "ssum", "msum", "mcat" }, { 50, 30 }

return paper.main(..., {
  name = "fig7", title = "Figure 7: the private learning rate",
  check = function() paper.refuse({ "epochs" }, "its columns are 50 and 30 epochs") end,
  cells = function(o) return private_rate.cells(o, METHODS, EPOCHS) end,
  show = function(runs, o)
    local panels = {}
    for _, epochs in ipairs(o.quick and { 4 } or EPOCHS) do
      panels[#panels + 1] = compt.figures.lines(runs:where { epochs = epochs }, {
        title = epochs .. " epochs", x = "private_lr", by = "method", log = true, order = METHODS,
      })
    end
    return {
      compt.figures.beside(panels, { title = "Average over tasks by private rate", columns = 2 }),
      private_rate.maps(runs, o, "ssum", 50), private_rate.maps(runs, o, "msum", 30),
      compt.report.table(runs, { rows = { "epochs", "method" }, columns = "private_lr", best = "none" }),
    }
  end,
})
