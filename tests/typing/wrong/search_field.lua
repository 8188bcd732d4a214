-- expect: undefined-field
local compt = require "compt"
local best = compt.search { run = print, space = { x = { 1, 2 } }, budget = 2 }
print(best.setings)
