-- expect: param-type-mismatch
local torch = require "compt.torch"
torch.ones(2):to { dtype = "float" }
