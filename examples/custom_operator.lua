--- A custom composition operator: source prompts gate the private prompt.
---
---     compt run examples/custom_operator.lua
local compt, torch = require "compt", require "compt.torch"

local quick = compt.args.quick

-- private [B, m, d], sources [S, m, d], weights [B, S] -> [B, m, d]. Autograd differentiates it.
compt.compose.define("gated", function(private, sources, weights)
  local mixed = torch.einsum("bs,smd->bmd", weights, sources)
  return private * torch.sigmoid(mixed) + mixed
end)

-- The same with a trained parameter: a scale of the gate for each dimension.
compt.compose.define("gated_by_dimension", {
  parameters = function(context) return { scale = { shape = { context.d_model }, init = "ones" } } end,
  compose = function(private, sources, weights, parameters)
    local mixed = torch.einsum("bs,smd->bmd", weights, sources)
    return private * torch.sigmoid(mixed * parameters.scale) + mixed
  end,
})

local tasks = compt.tasks("micro", { shots = 16, seed = 1 })
local runs = {}
for _, operator in ipairs { "sum", "gated", "gated_by_dimension" } do
  local trainer = compt.trainer {
    name = operator,
    backbone = compt.backbone "micro",
    tasks = tasks,
    method = compt.methods.ssum { name = operator, compose = operator, sources = 2 },
    epochs = quick and 1 or 30,
    seed = 1,
  }
  trainer:run()
  runs[#runs + 1] = {
    name = operator,
    result = trainer:evaluate "test",
    baseline = operator == "sum",
  }
end
print(compt.report.methods(tasks, runs))
