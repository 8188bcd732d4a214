--- Table 5: what SSUM with one source predicts for MNLI with the source prompt only, the private prompt only and both;
--- one run, the one nearest to the median average.
---
---     compt run scripts/table5.lua --jobs 2
---
--- The row "precision" of the paper is the share of the rows of a label that are predicted correctly. That is recall, and
--- is called so here.
local paper = require "paper.study"
local predictions = require "paper.predictions"

return paper.main(..., predictions {
  name = "table5", title = "Table 5: predictions for MNLI", task = "mnli",
  labels = { "contradiction", "entailment", "neutral" },
  published = {
    { "source", "contradiction", { 1, 0, 0, false } },
    { "source", "entailment", { 27, 29, 36, false } },
    { "source", "not-entailment", { 4, 0, 2, false } },
    { "source", "recall", { 3, 100, false, 30 } },
    { "private", "contradiction", { 32, 24, 36, false } },
    { "private", "neutral", { 0, 5, 2, false } },
    { "private", "recall", { 100, false, 5, 34 } },
    { "combined", "contradiction", { 19, 1, 4, false } },
    { "combined", "entailment", { 2, 10, 2, false } },
    { "combined", "neutral", { 11, 18, 32, false } },
    { "combined", "recall", { 59, 34, 84, 62 } },
  },
})
