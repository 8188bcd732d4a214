-- expect: undefined-field
local torch = require "compt.torch"
torch.sofmax(torch.ones(2))
