-- expect: undefined-field
local torch = require "compt.torch"
torch.ones(2):sofmax()
