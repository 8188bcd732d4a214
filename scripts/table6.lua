--- Table 6: what is predicted for each label, by all prompts, by the source prompts alone and by the private
--- prompt alone; the first task of the second set.
---
---     compt run scripts/table6.lua --jobs 2 [--set task=NAME] [--set method=ssum]
---
--- The paper uses these tables to say which prompt carries the labels. Its row called "precision" is a cell
--- over its column's total, the share of a label's rows that were found: that is recall, and is so named here.
local confusions = require "paper.confusions"
local paper = require "paper.study"

return paper.main(..., confusions {
  name = "table6", second = true, title = "Table 6: predictions by label, second set of tasks",
  found = "cells by label and prediction for source, private and both; see table 6 of the paper",
})
