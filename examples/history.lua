--- What a run went through: losses, learning rates and scores by step, as tensors and as a table.
---
---     compt run examples/history.lua --out runs/history
---
--- The same from another process, also while it trains: compt.load_run("runs/history").history
local compt = require "compt"

local trainer = compt.trainer {
  backbone = compt.backbone "micro",
  tasks = compt.tasks("micro", { tasks = { "sentiment", "nli3" }, shots = 16, seed = 1 }),
  method = compt.methods.ssum { sources = 3, length = 20 },
  epochs = compt.args.quick and 2 or 30,
  evaluate_every = compt.args.quick and 2 or 20,
  evaluate_limit = 20,
}
print(trainer.method.name, trainer.config.batch_size)
trainer:run()

local history = trainer.history
print(history)
print("last loss", history.loss[-1]:item(), "lowest", history.loss:min():item())
print("rates of the router", history.lr.router:min():item(), history.lr.router:max():item())
print("best validation score", history.average:max():item(), "of", #history.evaluated)

for _, row in ipairs(history:table(5)) do
  print(row.step, ("%.4f"):format(row.loss), row.average)
end
