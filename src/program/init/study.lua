--- A study, and the files that `compt init` wrote beside it:
---
---     compt run study.lua [--set method=gated|scaled] [--set epochs=30]
local compt = require "compt"

compt.compose.define("gated", "operator.lua")

local methods = {
  ssum = compt.methods.ssum { sources = 3, length = 20 },
  gated = compt.methods.ssum { name = "gated", compose = "gated" },
  scaled = require "method",
}
local method = methods[compt.args.method or "ssum"]

local trainer = compt.trainer {
  backbone = compt.backbone "micro",
  tasks = compt.tasks("micro", { shots = 16, seed = 1 }),
  method = method,
  control = method.build == nil and "control.lua" or nil,
  epochs = compt.args.epochs or 30,
}
trainer:run()
print(trainer:evaluate "test")
