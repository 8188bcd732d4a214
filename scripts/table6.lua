--- Table 6: what SSUM with one source predicts for RTE with the source prompt only, the private prompt only and both; one
--- run, the one nearest to the median average.
---
---     compt run scripts/table6.lua --jobs 2
---
--- The row "precision" of the paper is recall, and is called so here.
local paper = require "paper.study"
local predictions = require "paper.predictions"

return paper.main(..., predictions {
  name = "table6", title = "Table 6: predictions for RTE", task = "rte", labels = { "entailment", "not-entailment" },
  published = {
    { "source", "entailment", { 6, 2, false } },
    { "source", "not-entailment", { 43, 48, false } },
    { "source", "recall", { 12, 96, 54 } },
    { "private", "entailment", { 49, 50, false } },
    { "private", "recall", { 100, false, 48 } },
    { "combined", "entailment", { 43, 27, false } },
    { "combined", "not-entailment", { 6, 23, false } },
    { "combined", "recall", { 88, 46, 66 } },
  },
})
