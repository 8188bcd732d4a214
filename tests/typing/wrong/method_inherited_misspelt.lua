-- expect: param-type-mismatch
local compt = require "compt"
print(compt.methods.dept { wamup = 0.1 })
