-- expect: missing-fields param-type-mismatch
local compt = require "compt"
compt.trainer { method = compt.methods.ssum {} }
