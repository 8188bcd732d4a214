--- Custom routers: one with a learned temperature, and attention of each input over the source prompts.
---
---     compt run examples/custom_router.lua
local compt, torch = require "compt", require "compt.torch"

compt.router.define("heated", {
  parameters = function(context) return { logits = { shape = { #context.tasks, context.sources } }, heat = 0 } end,
  weights = function(context) -- [B, S], a row for each row of the batch
    local logits = context.parameters.logits:index_select(1, context.task)
    return torch.softmax(logits / torch.exp(context.parameters.heat), -1)
  end,
})

-- With `inputs` the weights of each row are its own: the mean embedding of the input asks, the source prompts answer.
compt.router.define("attention", {
  inputs = true,
  parameters = function(context) return { query = { shape = { context.d_model, context.d_model }, init = "normal" } } end,
  weights = function(context)
    local mean = context.embeddings:sum(2) / context.mask:sum(2, { keepdim = true })
    local keys = context.source_prompts:mean(2)
    return torch.softmax(torch.einsum("bd,de,se->bs", mean, context.parameters.query, keys), -1)
  end,
})

local tasks, runs = compt.tasks("micro", { shots = 16, seed = 1 }), {}
for _, router in ipairs { "relaxed_bernoulli", "heated", "gumbel", "sparsemax", "attention" } do
  local trainer = compt.trainer {
    name = router,
    backbone = compt.backbone "micro",
    tasks = tasks,
    epochs = compt.args.quick and 1 or 30,
    seed = 1,
    method = compt.methods.ssum { name = router, router = router },
  }
  trainer:run()
  runs[#runs + 1] = { name = router, result = trainer:evaluate "test", baseline = router == "relaxed_bernoulli" }
end
print(compt.report.methods(tasks, runs))
