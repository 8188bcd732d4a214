-- expect: param-type-mismatch
local compt = require "compt"
compt.tokenizer("x"):encode(3)
