--- A custom sampler: rows that the model finds neither easy nor hopeless more often, beside samplers of the library.
---
---     compt run examples/custom_sampler.lua
local compt = require "compt"

compt.sampler.define("uncertain", {
  losses = true, -- a row has its latest loss; nil before it was in a batch
  options = { centre = 0.7 },
  weights = function(rows, context)
    local centre, weights = context.options.centre, {}
    for i, row in ipairs(rows) do
      weights[i] = math.exp(-((row.loss or centre) - centre) ^ 2)
    end
    return weights
  end,
})

local tasks, runs = compt.tasks("micro", { shots = 16, seed = 1 }), {}
for _, sampler in ipairs { "each row once", "uncertain", "hard", "short_first" } do
  local trainer = compt.trainer {
    name = sampler,
    backbone = compt.backbone "micro",
    tasks = tasks,
    method = compt.methods.ssum { name = sampler },
    epochs = compt.args.quick and 1 or 30,
    seed = 1,
    sampler = sampler ~= "each row once" and sampler or nil,
  }
  trainer:run()
  runs[#runs + 1] = { name = sampler, result = trainer:evaluate "test", baseline = sampler == "each row once" }
end
print(compt.report.methods(tasks, runs))
