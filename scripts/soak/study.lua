-- The run of scripts/soak/soak.py: many small steps, with evaluations and checkpoints.
local compt = require "compt"

local steps = compt.args.steps
compt.trainer({
  backbone = compt.backbone "micro",
  tasks = compt.tasks("micro", { shots = 8, seed = 1 }),
  method = compt.methods.ssum { sources = 2 },
  steps = steps,
  batch_size = 1,
  evaluate_every = math.max(1, steps // 100),
  checkpoint_every = math.max(1, steps // 1000),
  control = "control.lua",
}):run()
