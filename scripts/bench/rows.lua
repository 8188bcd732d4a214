--- Writes the rows of the GLUE tasks as lines `task <tab> source <tab> target`.
---
---     --set data=DIR --set split=train --set rows=FILE
local compt = require "compt"

local tasks = compt.tasks("glue", { data = compt.args.data })
local file = assert(io.open(compt.args.rows, "w"))
for _, name in ipairs(tasks.names) do
  for _, row in ipairs(tasks:rows(name, compt.args.split)) do
    file:write(name, "\t", row.source, "\t", row.target, "\n")
  end
end
file:close()
