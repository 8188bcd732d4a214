--- Table 2: the four methods on SET2's tasks, at several numbers of rows per task.
---
---     compt run scripts/table2.lua --jobs 2
---     compt run scripts/table2.lua --set backbone=t5-base --set data=DIR --set epochs=50
local few_shot = require "paper.few_shot"
local paper = require "paper.study"

return paper.main(..., few_shot {
  name = "table2", title = "Table 2: few-shot scores on SET2", second = true,
  columns = { "average", "imdb", "mrpc", "multinli", "paws", "scitail", "yelp_polarity" },
  published = {
    pt = {
      { 64.4, 84.9, 83.0, 40.7, 34.8, 59.5, 83.6 },
      { 65.4, 87.3, 83.8, 39.1, 35.2, 59.6, 87.1 },
      { 66.5, 88.4, 80.0, 25.3, 52.4, 59.6, 93.1 },
    },
    mcat = {
      { 70.6, 76.8, 81.4, 59.1, 53.9, 68.1, 84.6 },
      { 72.6, 78.3, 83.5, 66.5, 52.9, 65.8, 88.5 },
      { 77.1, 79.3, 83.5, 71.9, 62.9, 76.7, 88.3 },
    },
    msum = {
      { 71.2, 80.5, 81.0, 59.5, 54.8, 68.5, 82.7 },
      { 74.0, 74.9, 79.3, 69.1, 60.0, 71.5, 89.2 },
      { 77.3, 80.7, 83.0, 73.3, 63.6, 74.1, 89.1 },
    },
    ssum = {
      { 71.4, 77.7, 85.1, 61.1, 54.7, 64.2, 85.5 },
      { 70.0, 71.8, 85.0, 62.5, 55.3, 62.3, 82.8 },
      { 77.3, 79.7, 83.0, 70.9, 67.3, 75.3, 87.4 },
    },
  },
})
