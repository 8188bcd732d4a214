--- ATTEMPT (Asai et al. 2022): attention over frozen source prompts and the prompt of the target task, per input.
---
--- x^ is the maximum of the input embeddings in each dimension (padding is masked; the published code does not mask it),
--- p^_j that of the rows of prompt j; h = LayerNorm(W_up SiLU(W_down x^)), d -> `width` -> d;
--- a = softmax_j(p^_j . h / (d e)) over the sources and the target; P_t = P_u + sum_j a_j P_j. Trained: P_u
--- and the attention. T5-base with 100 rows: 231,936 parameters (232K published); `shared` (ATTEMPT-m):
--- one attention for all tasks in mixed batches, 96K per task for eight tasks.
---
--- `sources`: trained prompts (tensors [m, d] or compt.Prompt). Without this option, a first stage trains a
--- prompt for each task of `from`, or of the task set, by prompt tuning.
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

return require "compt.methods.define"("attempt", {
  placement = "prepend", init = "vocabulary", from = false, length = 20, width = 100, sources = false, shared = false,
  lr = { source = 0.3, private = 0.3, attention = 0.3 },
}, function(method, setup)
  local d, names = setup.d_model, setup.from or setup.tasks
  if method.sources and #method.sources == 0 then error("attempt: 'sources' is an empty list", 0) end
  local given = method.sources and {}
  for i, prompt in ipairs(method.sources or {}) do given[i] = setup:given(prompt, method.length) end
  local source = not given and parts.prompts(setup, "source", names, method.length) or {}
  local private = parts.prompts(setup, "private", setup.tasks, method.length)

  local attention = {}
  for _, name in ipairs(method.shared and { "shared" } or setup.tasks) do
    local function new(part, value) return setup:parameter("attention", name .. "." .. part, value) end
    attention[name] = {
      down = new("down", parts.matrix(method.width, d)), up = new("up", parts.matrix(d, method.width)),
      gain = new("gain", torch.ones(d)), bias = new("bias", torch.zeros(d)),
    }
  end

  local function frozen()
    local list = given or {}
    for i, name in ipairs(given and {} or names) do list[i] = source[name]:detach() end
    return torch.stack(list)
  end

  --- LayerNorm(W_up SiLU(W_down x)) for `x` [B, d], each row with the matrices of its task.
  --- @return torch.Tensor
  local function hidden(batch, x)
    local function of(part)
      return batch:each(function(task) return (attention.shared or attention[task])[part] end)
    end
    local inner = torch.silu(torch.einsum("bd,bwd->bw", x, of "down"))
    local h = torch.einsum("bw,bdw->bd", inner, of "up")
    return torch.layer_norm(h, d) * of "gain" + of "bias"
  end

  --- Weights [B, S + 1] without the prompts that an evaluation excludes.
  local function weights(batch, scores)
    if not batch.kept then return torch.softmax(scores, -1) end
    local keep = {}
    for i, kept in ipairs(batch.kept) do keep[i] = kept and 1 or 0 end
    keep[#keep + 1] = batch.private and 1 or 0
    keep = torch.tensor({ keep })
    if batch.renormalised then
      return torch.softmax(scores:masked_fill(torch.eq(keep, 0), -1e9), -1) * keep
    end
    return torch.softmax(scores, -1) * keep
  end

  local function give(batch)
    local x, mask = batch:embeddings(), batch:mask()
    local widest = x:masked_fill(torch.eq(mask, 0):unsqueeze(-1), -math.huge):amax(2)
    local h = hidden(batch, widest)
    local own, shared = batch:each(function(task) return private[task] end), frozen()
    local likeness = torch.cat({
      torch.einsum("bd,sd->bs", h, shared:amax(2)), torch.sum(h * own:amax(2), -1, { keepdim = true }),
    }, 2)
    local a = weights(batch, likeness / (d * math.exp(1)))
    local mixed = torch.einsum("bs,smd->bmd", a:narrow(2, 1, #shared), shared)
    local last = a:narrow(2, #shared + 1, 1):unsqueeze(-1)
    return mixed + own * (last + (batch.private and 1 or 0))
  end

  local target = { name = "target", alone = not method.shared, share = given and 1 or 0.5,
    train = { "private", "attention" }, give = give }
  local first = { name = "source", from = true, alone = true, share = 0.5, train = { "source" },
    give = function(batch) return batch:each(function(task) return source[task] end) end }
  return { sources = given and #given or #names, stages = given and { target } or { first, target } }
end)
