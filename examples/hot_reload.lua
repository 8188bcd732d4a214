--- Schedules that change while a run trains.
---
---     compt run examples/hot_reload.lua [--strict]
---
--- Then, in an editor, change examples/hot_reload/control.lua and save it: the next step uses it,
--- and a line says what changed. Break it: the run goes on as before, and the error is shown. At any
--- time Ctrl-C stops the run after its step; then
---
---     compt resume runs/hot_reload      goes on exactly where it stopped
---     compt replay runs/hot_reload      makes the same run again, every edit at its step
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
