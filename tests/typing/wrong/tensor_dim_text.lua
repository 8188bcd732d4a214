-- expect: param-type-mismatch
local torch = require "compt.torch"
torch.softmax(torch.ones(2), "last")
