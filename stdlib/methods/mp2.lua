--- MP2 (Sun et al. 2023): `sources` modular prompts P_k = z_k A of low rank, selected by a router.
---
--- z [K, rank] and router logits from U(+-1e-3), A [rank, m d] (initialised like torch's Linear). Weights are
--- relaxed Bernoulli samples at temperature 1 in training and sigmoids of the logits at evaluation, both
--- divided by their sum. Stages: everything on the source tasks (`from`, or the target tasks); a new router for the
--- target tasks (3e-3); the prompts (3e-4).
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

return require "compt.methods.define"("mp2", {
  placement = "prepend", from = false, sources = 8, length = 50, rank = 300,
  lr = { source_router = 3e-3, router = 3e-3, source = 3e-4 },
  pretrain = 3e-3,
}, function(method, setup)
  local count, d = method.sources, setup.d_model
  local z = setup:parameter("source", "z", parts.uniform(1e-3, count, method.rank))
  local base = setup:parameter("source", "A", parts.uniform(method.rank ^ -0.5, method.rank, method.length * d))
  local function routers(group, tasks)
    local of_task = {}
    for _, task in ipairs(tasks) do
      of_task[task] = setup:parameter(group, task, parts.uniform(1e-3, count))
    end
    return of_task
  end
  local pretrained = routers("source_router", setup.from or setup.tasks)
  local router = routers("router", setup.tasks)

  local function weights(batch, of_task)
    local logits = batch:each(function(task) return of_task[task] end)
    if batch.training then
      local u = torch.rand(batch.size, count):clamp(1e-6, 1 - 1e-6)
      logits = logits + torch.log(u) - torch.log(1 - u)
    end
    local w = torch.sigmoid(logits)
    local keep
    if batch.kept then
      keep = {}
      for i, kept in ipairs(batch.kept) do keep[i] = kept and 1 or 0 end
      keep = torch.tensor({ keep })
      if batch.renormalised then w = w * keep end
    end
    w = w / w:sum(-1, { keepdim = true }):clamp { min = 1e-9 }
    return keep and w * keep or w
  end

  local function composed(of_task)
    return function(batch)
      local prompts = torch.matmul(z, base):reshape(count, method.length, d)
      return torch.einsum("bs,smd->bmd", weights(batch, of_task), prompts)
    end
  end

  return {
    sources = count, private = false,
    stages = {
      { name = "pre-training", from = true, share = 0.5, train = { "source", "source_router" },
        lr = { source = method.pretrain, source_router = method.pretrain }, give = composed(pretrained) },
      { name = "router", share = 0.25, train = { "router" }, give = composed(router) },
      { name = "prompts", share = 0.25, train = { "source" }, give = composed(router) },
    },
  }
end)
