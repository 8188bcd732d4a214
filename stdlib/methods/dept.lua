--- DePT (Shi & Lipani 2024): a short prompt, and a low-rank update of the input embeddings by position,
--- [P; E(x) + (alpha / sqrt(rank)) A B]. Each task is trained separately. A [positions, r] has Kaiming initialisation, B
--- [r, d] starts with zeros; prompt and update have separate rates. T5-base with 40 rows and rank 45 has 76,800
--- parameters, like a prompt of 100 rows. The sizes are published; the default alpha makes the factor 1.
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

return require "compt.methods.define"("dept", {
  placement = "prepend", init = "vocabulary", length = 12, rank = 8, alpha = false, positions = false, alone = true,
  lr = { private = 0.3, update = 5e-3 },
}, function(method, setup)
  local rank, longest = method.rank, setup.max_source_length
  local positions = method.positions or longest
  if positions < longest then
    error(("dept: 'positions' is %d, and inputs can have %d tokens: use a smaller max_source_length")
      :format(positions, longest), 0)
  end
  local scale = (method.alpha or rank ^ 0.5) / rank ^ 0.5
  local prompts = parts.prompts(setup, "private", setup.tasks, method.length)
  local a, b = {}, {}
  for _, task in ipairs(setup.tasks) do
    a[task] = setup:parameter("update", task .. ".a", parts.matrix(positions, rank))
    b[task] = setup:parameter("update", task .. ".b", torch.zeros(rank, setup.d_model))
  end
  return {
    give = function(batch)
      local length = batch.length
      return {
        prompt = batch:each(function(task) return prompts[task] end),
        shift = batch:each(function(task)
          return torch.matmul(a[task]:narrow(1, 1, length), b[task]) * scale
        end),
      }
    end,
  }
end)
