--- Tasks of very different sizes: in proportion to their rows, by T5's temperature, and evenly.
---
---     compt run examples/task_mixing.lua
local compt = require "compt"

local function rows_of(task, shots) return compt.tasks("micro", { tasks = { task }, shots = shots, seed = 1 }) end
local tasks = rows_of("nli3", 256) + rows_of("sentiment", 32) + rows_of("acceptability", 16)

local runs = {}
for _, temperature in ipairs { 1, 2, 100 } do
  local name = "temperature " .. temperature
  local trainer = compt.trainer {
    name = "t" .. temperature,
    backbone = compt.backbone "micro",
    tasks = tasks,
    seed = 1,
    method = compt.methods.ssum { name = name },
    steps = compt.args.quick and 2 or 300,
    sampler = { temperature = temperature, limit = 1000 },
  }
  trainer:run()
  runs[#runs + 1] = { name = name, result = trainer:evaluate "test", baseline = temperature == 1 }
end
print(compt.report.methods(tasks, runs))
