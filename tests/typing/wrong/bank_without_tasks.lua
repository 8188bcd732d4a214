-- expect: missing-fields param-type-mismatch
local compt = require "compt"
compt.prompt_bank { sources = 2 }
