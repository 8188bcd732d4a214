--- Full fine-tuning: every parameter of the backbone, one model for all tasks of the set, in mixed
--- batches. The trainer trains a copy; the original backbone does not change.
---
--- Learning rate 3e-4 as in the published comparisons (AdamW, linear decay). T5-base: 222.9M parameters.
local declare = require "compt.methods.define"("fine_tuning", {
  lr = { backbone = 3e-4 }, weight_decay = 0,
})

return function(options)
  local method = declare(options)
  method.backbone = true
  return method
end
