--- SMoP (Choi et al. 2023): a sparse mixture of short prompts. Each task has k prompts [m, d] and a router W [k, d] without
--- bias; x is the mean of the input's embeddings, and the weights are softmax(W x). The prompt of an input is the one of
--- the largest weight times that weight (`top` > 1: the sum of so many). In training the scores are perturbed so that all
--- prompts are used, the paper's load balancing: z + z e with e from N(0, 1), and no gradient through the factor z. W begins
--- with orthonormal rows. Published: 4 prompts of 5 rows, rate 0.5 for T5-base. There is no balancing loss in the code.
---
--- Chosen here: prompts begin with embeddings of tokens (N(0, 1) in the code). Each task is trained separately.
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

--- Random orthonormal rows (Gram and Schmidt), on the CPU, so that a seed gives the same on every device.
--- @return torch.Tensor
local function orthonormal(rows, width)
  local list = {}
  for i = 1, rows do
    local row = torch.randn(width, { device = "cpu" })
    for _, before in ipairs(list) do row = row - before * torch.sum(row * before) end
    list[i] = row / torch.norm(row)
  end
  return torch.stack(list)
end

return require "compt.methods.define"("smop", {
  placement = "prepend", init = "vocabulary", prompts = 4, length = 5, top = 1, noise = 1, alone = true,
  lr = { private = 0.5, router = 0.5 },
}, function(method, setup)
  local k, d = method.prompts, setup.d_model
  if k > d then error(("smop: %d prompts have no orthogonal rows of width %d"):format(k, d), 0) end
  if method.top > k then error(("smop: 'top' is %d of %d prompts"):format(method.top, k), 0) end
  local prompts, routers = {}, {}
  for _, task in ipairs(setup.tasks) do
    local rows = setup:prompt(k * method.length):reshape(k, method.length, d)
    prompts[task] = setup:parameter("private", task, rows)
    routers[task] = setup:parameter("router", task, orthonormal(k, d))
  end
  local give = function(batch)
    local mean = parts.mean_embedding(batch)
    local scores = torch.einsum("bd,bkd->bk", mean, batch:each(function(task) return routers[task] end))
    if batch.training and method.noise > 0 then
      local drawn = torch.randn(scores.shape, { device = "cpu" }):to(scores.device)
      scores = scores + drawn * scores:detach() * method.noise
    end
    local weights = torch.softmax(scores, -1)
    local _, best = weights:topk(method.top, -1)
    local kept = weights * torch.zeros_like(weights):scatter(2, best, 1)
    return torch.einsum("bk,bkmd->bmd", kept, batch:each(function(task) return prompts[task] end))
  end
  return { give = give }
end)
