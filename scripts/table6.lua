--- Table 6: confusion matrices with all prompts, with the source prompts only and with the private prompt
--- only; the first task of the second set.
---
---     compt run scripts/table6.lua --jobs 2 [--set task=NAME] [--set method=ssum]
---
--- The paper uses these tables to show which prompt predicts the labels. Its row "precision" is the share of the rows of a
--- label that are predicted correctly. That is recall, and is called so here.
local confusions = require "paper.confusions"
local paper = require "paper.study"

return paper.main(..., confusions {
  name = "table6", second = true, title = "Table 6: predictions by label, second set of tasks",
  found = "cells by label and prediction for source, private and both; see table 6 of the paper",
})
