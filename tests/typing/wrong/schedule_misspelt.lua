-- expect: undefined-field
local compt = require "compt"
compt.schedule.linera(5, 0)
