-- expect: param-type-mismatch
local compt = require "compt"
print(compt.figures.curves(compt.runs "runs", { metrc = "loss" }))
