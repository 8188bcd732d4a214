-- expect: param-type-mismatch
local torch = require "compt.torch"
torch.cat(torch.ones(2), 1)
