--- A control file that is reloaded during training.
---
---     compt run examples/hot_reload.lua [--strict]
---
--- Edit examples/hot_reload/control.lua and save it: the next step uses it, and a line shows the change. If the file has an
--- error, the run continues unchanged and shows the error. Ctrl-C stops the run after its step. Then
---
---     compt resume runs/hot_reload      continues exactly where it stopped
---     compt replay runs/hot_reload      repeats the run, with every edit at its step
local compt = require "compt"

local trainer = compt.trainer {
  backbone = compt.backbone "micro",
  tasks = compt.tasks("micro", { shots = 16, seed = 1 }),
  method = compt.methods.ssum { sources = 2 },
  control = "examples/hot_reload/control.lua",
  epochs = compt.args.quick and 1 or 100,
  evaluate_every = 80,
  evaluate_limit = 25, -- on validation rows; the best checkpoint is kept
}
trainer:run()
print(trainer:evaluate("test", { limit = 25 }))
