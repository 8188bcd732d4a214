--- Table 3: the compositions with many rows, on GLUE's tasks: 5,000 per task in the paper, 256 on the micro tasks.
---
---     compt run scripts/table3.lua --jobs 2
---     compt run scripts/table3.lua --set rows=5000 --set epochs=5 --set backbone=t5-base --set data=DIR
local many_rows = require "paper.many_rows"
local paper = require "paper.study"

return paper.main(..., many_rows {
  name = "table3", title = "Table 3: many rows, GLUE",
  list = {
    { method = "msum", sources = 10, weights = "learned" },
    { method = "ssum", sources = 10, weights = "learned" },
    { method = "mcat", sources = 3, weights = "learned" },
  },
  columns = { "average", "cola", "mnli", "mrpc", "qnli", "qqp", "rte", "sst2", "stsb" },
  published = {
    { 85.96, 81.0, 82.5, 86.5, 92.3, 90.0, 73.7, 92.5, 89.2 },
    { 86.01, 81.8, 82.1, 86.0, 92.8, 89.6, 73.3, 93.2, 89.3 },
    { 85.89, 80.5, 83.1, 87.0, 92.7, 89.6, 72.2, 93.0, 89.0 },
  },
})
