-- expect: param-type-mismatch
local compt = require "compt"
compt.report.grid "x"
