--- Full fine-tuning: every parameter of the backbone. Each task trains its own copy, one task after the other, as in the
--- published comparisons. `shared = true`: one model for all tasks of the set, in mixed batches; then every input begins
--- with the prefix of its task, which is all that tells the model what is asked. The backbone passed does not change.
---
--- Learning rate 3e-4 as in the published comparisons (AdamW, linear decay). T5-base: 222.9M parameters a model.
local arguments = require "compt.arguments"

local declare = require "compt.methods.define"("fine_tuning", {
  lr = { backbone = 3e-4 }, weight_decay = 0, alone = true, shared = false,
})

return function(options, ...)
  local method = declare(options, ...) ---@type table
  for _, name in ipairs { "alone", "shared" } do
    arguments.check("compt.methods.fine_tuning", name, method[name], arguments.flag)
  end
  if method.shared and options.alone then
    error("compt.methods.fine_tuning: 'alone' and 'shared' exclude each other: one model for each task, or one for all", 2)
  end
  if method.shared then method.alone = false end
  method.shared = nil
  method.backbone = true
  if method.prefix == nil then method.prefix = not method.alone end
  return method
end
