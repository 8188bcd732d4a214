--- Adapters (Houlsby et al. 2019) as in the T5 comparisons: h + up(GELU(down(h))) of width d / 32 after self-attention
--- and feed-forward of both stacks, with trained layer norms. Each task is trained separately. T5-base: 1.86M parameters
--- per task (1.9M published). Matrices are initialised from N(0, 0.01), biases with 0.
local torch = require "compt.torch"

return require "compt.methods.define"("adapters", {
  at = "*.{SelfAttention,DenseReluDense}", width = false, activation = "gelu", norms = true,
  alone = true, lr = { adapter = 3e-4, norm = 3e-4 }, weight_decay = 0,
}, function(method, setup)
  local d, of_task = setup.d_model, {}
  local width = method.width or math.max(d // 32, 1)
  for _, task in ipairs(setup.tasks) do
    local places = {}
    local function new(group, place, part, value)
      return setup:parameter(group, ("%s.%s.%s"):format(task, place, part), value)
    end
    for _, place in ipairs(setup:places(method.at)) do
      local at = place.name
      places[at] = {
        bottleneck = {
          new("adapter", at, "down", torch.randn(width, d) * 0.01),
          new("adapter", at, "down_bias", torch.zeros(width)),
          new("adapter", at, "up", torch.randn(d, width) * 0.01),
          new("adapter", at, "up_bias", torch.zeros(d)),
        },
        activation = method.activation,
      }
    end
    for _, place in ipairs(method.norms and setup:places "*layer_norm" or {}) do
      places[place.name] = { gain = new("norm", place.name, "gain", place.gain) }
    end
    of_task[task] = places
  end
  return { give = function(batch) return { changes = of_task[batch.task] } end }
end)
