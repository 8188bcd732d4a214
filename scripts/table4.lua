--- Table 4: the compositions with many rows, on SET2's tasks: 5,000 per task in the paper, 256 on the micro tasks.
---
---     compt run scripts/table4.lua --jobs 2
---     compt run scripts/table4.lua --set rows=5000 --set epochs=5 --set backbone=t5-base --set data=DIR
local many_rows = require "paper.many_rows"
local paper = require "paper.study"

return paper.main(..., many_rows {
  name = "table4", title = "Table 4: many rows, SET2", second = true,
  list = {
    { method = "msum", sources = 9, weights = "learned" },
    { method = "ssum", sources = 10, weights = "learned" },
    { method = "mcat", sources = 3, weights = "constant" },
  },
  columns = { "average", "imdb", "mrpc", "multinli", "paws", "scitail", "yelp_polarity" },
  published = {
    { 88.35, 85.8, 86.0, 83.5, 87.9, 94.1, 92.8 },
    { 88.53, 86.4, 86.8, 83.7, 88.8, 92.7, 92.8 },
    { 88.23, 86.0, 87.2, 82.9, 88.2, 91.9, 93.2 },
  },
})
