--- Residual Prompt Tuning (Razdaibiedina et al. 2023): a prompt P [m, d] per task is trained through a network with a skip
--- connection, P + LayerNorm(W2 relu(W1 p + b1) + b2) on each row, d -> `width` -> d. `separate = true`: each row has a network
--- of its own. Only the resulting prompt is kept. The layers begin as torch's Linear and LayerNorm (eps 1e-5); width 800
--- and the rate 0.3 are those of the published code, which has no dropout in the network by default. Each task is trained
--- separately.
---
--- Chosen here: rows begin with embeddings of the first 5,000 tokens, as in the other methods (the code takes any token).
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

return require "compt.methods.define"("residual", {
  placement = "prepend", init = "vocabulary", length = 10, width = 800, separate = false, alone = true,
  lr = { private = 0.3, network = 0.3 },
}, function(method, setup)
  local d, w = setup.d_model, method.width
  local count = method.separate and method.length or 1
  local prompts = parts.prompts(setup, "private", setup.tasks, method.length)
  local networks = {} ---@type table<string, table<string, torch.Tensor>>
  for _, task in ipairs(setup.tasks) do
    local function new(part, value) return setup:parameter("network", task .. "." .. part, value) end
    networks[task] = {
      w1 = new("w1", parts.uniform(d ^ -0.5, count, w, d)), b1 = new("b1", parts.uniform(d ^ -0.5, count, w)),
      w2 = new("w2", parts.uniform(w ^ -0.5, count, d, w)), b2 = new("b2", parts.uniform(w ^ -0.5, count, d)),
      gain = new("gain", torch.ones(count, d)), bias = new("bias", torch.zeros(count, d)),
    }
  end

  --- The prompt of a task; a parameter [1, ...] is that of every row.
  ---@param task string
  ---@return torch.Tensor
  local function prompt(task)
    local n = networks[task] --[[@as table<string, torch.Tensor>]]
    local p = prompts[task] --[[@as torch.Tensor]]
    ---@param t torch.Tensor
    local function rows(t) return t:expand { method.length, table.unpack(t.shape, 2) } end
    local inner = torch.relu(torch.einsum("md,mwd->mw", p, rows(n.w1)) + n.b1)
    local outer = torch.einsum("mw,mdw->md", inner, rows(n.w2)) + n.b2
    return p + torch.layer_norm(outer, d) * n.gain + n.bias
  end
  return { give = function(batch) return batch:each(prompt) end }
end)
