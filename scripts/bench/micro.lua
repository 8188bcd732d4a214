--- One complete run: SSUM on the micro tasks, 16 shots, 30 epochs, evaluation.
local compt = require "compt"

local trainer = compt.trainer {
  backbone = compt.backbone "micro",
  tasks = compt.tasks("micro", { shots = 16, seed = 1 }),
  method = compt.methods.ssum {},
  epochs = 30,
  progress = false,
}
trainer:run()
print(("%.17g"):format(trainer:evaluate("test").average))
