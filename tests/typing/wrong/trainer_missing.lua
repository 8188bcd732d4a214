-- expect: undefined-field
local compt = require "compt"
compt.trainr {}
