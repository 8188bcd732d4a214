-- expect: undefined-field
local compt = require "compt"
compt.router.constant({ tasks = 2, sources = 3 }):wieghts()
