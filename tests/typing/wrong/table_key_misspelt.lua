-- expect: param-type-mismatch
local compt = require "compt"
print(compt.report.table(compt.runs "runs", { rows = "method", colums = "task" }))
