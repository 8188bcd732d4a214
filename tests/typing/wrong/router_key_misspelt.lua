-- expect: param-type-mismatch
local compt = require "compt"
print(compt.methods.ssum { router = { bond = 3 } })
