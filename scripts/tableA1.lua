--- Table A1: what is predicted for each label, by all prompts, by the source prompts alone and by the private
--- prompt alone; all tasks.
---
---     compt run scripts/tableA1.lua --jobs 2 [--set task=NAME] [--set method=ssum]
---
--- The paper uses these tables to say which prompt carries the labels. Its row called "precision" is a cell
--- over its column's total, the share of a label's rows that were found: that is recall, and is so named here.
local compt = require "compt"
local confusions = require "paper.confusions"
local paper = require "paper.study"

return paper.main(..., {
  name = "tableA1",
  title = "Table A1: predictions by label, all tasks",
  found = "cells by label and prediction for source, private and both; see table A1 of the paper",
  cells = function(o)
    return paper.cells(o, {
      settings = { shots = paper.middle(o) },
      grid = { method = { compt.args.method or "ssum" }, seed = o.seeds },
    })
  end,
  show = function(runs) return confusions(runs, compt.args.task and { compt.args.task } or "all") end,
})
