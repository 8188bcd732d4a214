-- expect: undefined-field
local compt = require "compt"
print(compt.tasks("micro").task_names)
