-- expect: assign-type-mismatch
local compt = require "compt"
compt.router.free { tasks = 2, sources = 3, eval = "soft" }
