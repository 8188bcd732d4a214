-- expect: param-type-mismatch
local compt = require "compt"
print(compt.tasks("micro", { shot = 3 }))
