--- Figure A1: prompts of one task on the rows of another, with labels converted: the gold similarity of STS-B's rows by what
--- the prompts of QNLI and RTE predict (left), and the similarity that the prompt of STS-B predicts for the rows of QNLI and RTE
--- by their label (right); box plots with a one-way ANOVA.
---
---     compt run scripts/figA1.lua --jobs 2
---
--- "entailment" counts as similar and "not_entailment" as not similar (scripts/paper/transfer.lua). Answers are decoded in
--- full; those that are none of the prompt's own task are counted apart. The prompts are SSUM's with one source, of one run, the
--- one nearest to the median average over seeds. The paper gives no numbers.
local compt = require "compt"
local maps = require "paper.maps"
local paper = require "paper.study"
local transfer = require "paper.transfer"

return paper.main(..., {
  name = "figA1", title = "Figure A1: prompts of one task on another",
  cells = function(o)
    local settings = { shots = paper.middle(o), method = "ssum", sources = 1, transfer = true }
    return paper.cells(o, { settings = settings, grid = { seed = o.seeds } })
  end,
  check = function(o) transfer.check(paper.tasks(o), o.tasks, o.only) end,
  show = function(runs)
    local one, seed = maps.median(runs)
    local panels = {}
    for i, found in ipairs(one[1] and one[1].values.transfer or {}) do
      local what = found.from == "stsb" and "predicted similarity by label" or "gold similarity by prediction"
      panels[i] = compt.figures.boxes {
        title = ("%s prompt on %s: %s; %d other answers"):format(found.from, found.to, what, found.others),
        y_label = "similarity", groups = found.groups, runs = one,
      }
    end
    return { compt.figures.beside(panels, { title = ("Prompts of one task on another; seed %s"):format(tostring(seed)), columns = 2 }) }
  end,
})
