-- expect: param-type-mismatch
local compt = require "compt"
print(compt.methods.ssum { lenght = 3 })
