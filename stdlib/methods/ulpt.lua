--- ULPT (Wu, Hao & Mou 2025): prompts in a low dimension. The prompt of a task is (Z R) * b + s with Z [m, r], a scale b
--- [d] and a shift s [d]; R [r, d] is random and never trained. m r + 2 d parameters per task: 1,736 for T5-base with 100
--- rows and r = 2. As in the published code Z begins with N(0, 1), b with ones, s with zeros, and R has Xavier's uniform
--- distribution, U(+-sqrt(6 / (r + d))); the rate 0.6 is the code's. Each task is trained separately.
---
--- Chosen here: R is the same for all tasks, and is drawn from the option `projection`, not from the seed of the run, so
--- that parameters of runs with other seeds fit; it is not among the parameters.
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

return require "compt.methods.define"("ulpt", {
  placement = "prepend", length = 20, rank = 2, projection = 0, alone = true, lr = { private = 0.6 },
}, function(method, setup)
  local d, z, scale, shift = setup.d_model, {}, {}, {}
  local fixed = parts.projection(method.projection, method.rank, d):to(setup.backbone.device)
  for _, task in ipairs(setup.tasks) do
    local function new(part, value) return setup:parameter("private", task .. "." .. part, value) end
    z[task] = new("z", torch.randn(method.length, method.rank))
    scale[task], shift[task] = new("scale", torch.ones(d)), new("shift", torch.zeros(d))
  end
  return {
    give = function(batch)
      return batch:each(function(task) return torch.matmul(z[task], fixed) * scale[task] + shift[task] end)
    end,
  }
end)
