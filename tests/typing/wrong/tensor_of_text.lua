-- expect: param-type-mismatch
local torch = require "compt.torch"
torch.tensor("1")
