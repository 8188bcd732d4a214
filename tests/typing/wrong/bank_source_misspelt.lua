-- expect: undefined-field
local compt = require "compt"
compt.prompt_bank({ tasks = { "a" }, d_model = 8 }):sources_of(1)
