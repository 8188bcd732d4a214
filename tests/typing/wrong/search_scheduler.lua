-- expect: assign-type-mismatch
local compt = require "compt"
compt.search { run = print, space = { x = { 1, 2 } }, budget = 2, scheduler = "hyperband" }
