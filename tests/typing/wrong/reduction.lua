-- expect: param-type-mismatch
local torch = require "compt.torch"
torch.mse_loss(torch.ones(2), torch.ones(2), { reduction = "avg" })
