--- Table 5: confusion matrices with all prompts, with the source prompts only and with the private prompt
--- only; the first task of the set.
---
---     compt run scripts/table5.lua --jobs 2 [--set task=NAME] [--set method=ssum]
---
--- The paper uses these tables to show which prompt predicts the labels. Its row "precision" is the share of the rows of a
--- label that are predicted correctly. That is recall, and is called so here.
local confusions = require "paper.confusions"
local paper = require "paper.study"

return paper.main(..., confusions {
  name = "table5", title = "Table 5: predictions by label",
  found = "cells by label and prediction for source, private and both; see table 5 of the paper",
})
