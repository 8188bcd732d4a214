--- BitFit (Ben Zaken et al. 2022): only biases are trained. T5 has none, so every matrix and norm of both stacks gets a
--- zero bias (head and embeddings do not). Each task is trained separately.
local torch = require "compt.torch"

return require "compt.methods.define"("bitfit", {
  at = "*", alone = true, lr = { bias = 3e-3 }, weight_decay = 0,
}, function(method, setup)
  local of_task = {}
  for _, task in ipairs(setup.tasks) do
    local places = {}
    for _, place in ipairs(setup:places(method.at)) do
      if place.kind == "matrix" or place.kind == "norm" then
        local zeros = torch.zeros(place.shape[1])
        places[place.name] = { bias = setup:parameter("bias", task .. "." .. place.name, zeros) }
      end
    end
    of_task[task] = places
  end
  return { give = function(batch) return { changes = of_task[batch.task] } end }
end)
