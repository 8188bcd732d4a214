--- Table 1: the four methods on GLUE's tasks, at several numbers of rows per task.
---
---     compt run scripts/table1.lua --jobs 2
---     compt run scripts/table1.lua --set backbone=t5-base --set data=DIR --set epochs=50
local few_shot = require "paper.few_shot"
local paper = require "paper.study"

return paper.main(..., few_shot {
  name = "table1", title = "Table 1: few-shot scores on GLUE",
  digits = { 2, 1, 1, 1, 1, 1, 1, 1, 1 }, columns = { "average", "cola", "mnli", "mrpc", "qnli", "qqp", "rte", "sst2", "stsb" },
  published = {
    pt = {
      { 63.35, 35.6, 35.3, 75.2, 72.4, 76.5, 47.7, 81.3, 82.9 },
      { 63.29, 34.1, 28.7, 77.9, 60.3, 83.1, 48.5, 89.4, 84.4 },
      { 70.15, 71.5, 45.3, 84.3, 52.2, 79.5, 48.7, 93.1, 86.5 },
    },
    mcat = {
      { 74.32, 67.0, 58.8, 80.3, 87.7, 85.2, 57.3, 72.9, 85.3 },
      { 78.52, 65.7, 70.3, 84.2, 87.1, 86.7, 59.7, 87.7, 86.8 },
      { 80.40, 68.9, 71.6, 83.8, 90.9, 87.5, 64.0, 90.2, 86.2 },
    },
    msum = {
      { 76.03, 68.9, 63.5, 82.2, 87.5, 87.3, 59.2, 74.4, 85.3 },
      { 78.43, 67.9, 69.5, 84.0, 86.6, 87.7, 55.6, 88.4, 87.8 },
      { 80.35, 67.7, 75.4, 83.3, 89.9, 87.0, 62.4, 90.1, 87.0 },
    },
    ssum = {
      { 74.38, 68.0, 61.7, 85.1, 74.9, 86.9, 60.9, 73.3, 84.2 },
      { 79.47, 68.3, 72.5, 85.8, 82.1, 87.5, 65.5, 88.3, 85.8 },
      { 81.04, 71.6, 78.1, 83.3, 90.4, 83.3, 65.4, 88.4, 87.7 },
    },
  },
})
