-- expect: undefined-field
local compt = require "compt"
compt.methods.sum {}
