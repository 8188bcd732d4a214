--- ADePT (Tang et al. 2025): a short prompt, and a shift of each input embedding e by a small network that all tokens
--- share: e + B relu(A e + a) + b, d -> `rank` -> d. T5-base with 60 rows and rank 19: 76,051 parameters, like a prompt of 100
--- rows. A begins as in the published code, U(+-1/sqrt(rank)), with zeros for B, a and b; in training 10 % of A e + a are
--- dropped (`dropout`), as there. Prompt and network have the code's rates. Each task is trained separately.
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

return require "compt.methods.define"("adept", {
  placement = "prepend", init = "vocabulary", length = 12, rank = 8, dropout = 0.1, alone = true,
  lr = { private = 0.3, update = 1e-4 },
}, function(method, setup)
  local d, r = setup.d_model, method.rank
  local prompts = parts.prompts(setup, "private", setup.tasks, method.length)
  local networks = {}
  for _, task in ipairs(setup.tasks) do
    local function new(part, value) return setup:parameter("update", task .. "." .. part, value) end
    networks[task] = {
      down = new("down", parts.uniform(r ^ -0.5, d, r)), down_bias = new("down_bias", torch.zeros(r)),
      up = new("up", torch.zeros(r, d)), up_bias = new("up_bias", torch.zeros(d)),
    }
  end
  return {
    give = function(batch)
      local function of(part) return batch:each(function(task) return networks[task][part] end) end
      local inner = torch.einsum("bld,bdr->blr", batch:embeddings(), of "down") + of "down_bias":unsqueeze(2)
      if batch.training and method.dropout > 0 then inner = torch.dropout(inner, method.dropout) end
      return {
        prompt = batch:each(function(task) return prompts[task] end),
        shift = torch.einsum("blr,brd->bld", torch.relu(inner), of "up") + of "up_bias":unsqueeze(2),
      }
    end,
  }
end)
