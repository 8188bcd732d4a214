--- Table A1: what SSUM with one source predicts for QQP with the source prompt only, the private prompt only and both; one
--- run, the one nearest to the median average.
---
---     compt run scripts/tableA1.lua --jobs 2
---
--- The row "precision" of the paper is recall, and is called so here. Its total accuracy of the source prompt, 0.8, does
--- not agree with its counts (8 of 99 rows).
local paper = require "paper.study"
local predictions = require "paper.predictions"

return paper.main(..., predictions {
  name = "tableA1", title = "Table A1: predictions for QQP", task = "qqp", labels = { "duplicate", "not-duplicate" },
  published = {
    { "source", "duplicate", { 1, 0, false } },
    { "source", "entailment", { 7, 0, false } },
    { "source", "not-duplicate", { 0, 7, false } },
    { "source", "not-entailment", { 30, 54, false } },
    { "source", "recall", { 3, 11, 80 } },
    { "private", "duplicate", { 38, 33, false } },
    { "private", "not", { 0, 1, false } },
    { "private", "not-", { 0, 4, false } },
    { "private", "not-duplicate", { 0, 6, false } },
    { "private", "not-uplicate", { 0, 17, false } },
    { "private", "recall", { 100, 10, 38 } },
    { "combined", "duplicate", { 38, 13, false } },
    { "combined", "not-duplicate", { 0, 48, false } },
    { "combined", "recall", { 100, 79, 87 } },
  },
})
