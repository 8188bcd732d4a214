-- expect: missing-fields param-type-mismatch
local compt = require "compt"
compt.router.free { tasks = 2 }
