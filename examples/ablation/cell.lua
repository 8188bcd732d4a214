--- The run of one cell of examples/ablation.lua.
local compt = require "compt"

return function(s)
  local trainer = compt.trainer {
    backbone = compt.backbone "micro",
    tasks = compt.tasks("micro", { shots = s.shots, seed = s.seed, max_test = s.max_test }),
    method = compt.methods[s.method] { length = s.length },
    epochs = s.epochs,
    batch_size = 16,
    seed = s.seed,
  }
  trainer:run()
  return trainer:evaluate "test"
end
