--- LOPA (Jain et al. 2024): the prompt of an input is Z_S * sigmoid(U V^T), elementwise: a prompt Z_S [m, d] of the task, and a
--- gate of rank r for the input, U [m, r] and V [d, r]. Both come from the input's representation h by a network each,
--- up(tanh(down(h))), with N(0, 0.02^2) as initial weights and zeros as biases, as in the published code (rank 4, 10 rows).
--- Each task is trained separately.
---
--- Chosen here: h is the mean of the input's embeddings, where the paper has a second language model; `width` is that of
--- both networks, where the code takes the width of that model; no dropout on h.
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

return require "compt.methods.define"("lopa", {
  placement = "prepend", init = "vocabulary", length = 10, rank = 4, width = 64, alone = true,
  lr = { private = 0.3, gate = 0.01 },
}, function(method, setup)
  local d, m, r, w = setup.d_model, method.length, method.rank, method.width
  local prompts = parts.prompts(setup, "private", setup.tasks, m)
  local heads = { rows = {}, columns = {} }
  local sizes = { rows = m, columns = d } ---@type table<string, integer>
  for _, task in ipairs(setup.tasks) do
    for part, size in sorted_pairs(sizes) do
      local function new(name, value) return setup:parameter("gate", ("%s.%s.%s"):format(task, part, name), value) end
      local outputs = (size * r) --[[@as integer]]
      heads[part][task] = {
        down = new("down", torch.randn(w, d) * 0.02), down_bias = new("down_bias", torch.zeros(w)),
        up = new("up", torch.randn(outputs, w) * 0.02), up_bias = new("up_bias", torch.zeros(outputs)),
      }
    end
  end

  --- One of the factors, [B, size, r].
  --- @return torch.Tensor
  local function factor(batch, h, part)
    local function of(name) return batch:each(function(task) return heads[part][task][name] end) end
    local inner = torch.tanh(torch.einsum("bd,bwd->bw", h, of "down") + of "down_bias")
    return (torch.einsum("bw,bow->bo", inner, of "up") + of "up_bias"):reshape(batch.size, -1, r)
  end

  return {
    give = function(batch)
      local h = parts.mean_embedding(batch)
      local gate = torch.einsum("bmr,bdr->bmd", factor(batch, h, "rows"), factor(batch, h, "columns"))
      return batch:each(function(task) return prompts[task] end) * torch.sigmoid(gate)
    end,
  }
end)
