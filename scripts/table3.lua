--- Table 3: the four methods with many rows, on GLUE's tasks: 5,000 per task in the paper, 256 on the micro tasks.
---
---     compt run scripts/table3.lua --jobs 2
---     compt run scripts/table3.lua --set rows=5000 --set epochs=5 --set backbone=t5-base --set data=DIR
---
--- The question of the paper is whether the gain over prompt tuning exists only with few rows. For its scores see the
--- paper.
local many_rows = require "paper.many_rows"
local paper = require "paper.study"

return paper.main(..., many_rows {
  name = "table3", title = "Table 3: methods with many rows",
  found = "5,000 rows per task; its scores are in table 3 of the paper",
})
