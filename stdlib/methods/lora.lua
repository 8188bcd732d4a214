--- LoRA (Hu et al. 2021): W + (alpha / rank) B A at the query and value matrices of self- and
--- cross-attention, one set a task, each task trained alone. A begins with Kaiming's values, B with
--- zeros, as in `peft`. T5-base with rank 8: 884,736 parameters a task.
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

return require "compt.methods.define"("lora", {
  at = "*Attention.{q,v}", rank = 8, alpha = 8, alone = true, lr = { lora = 1e-3 },
}, function(method, setup)
  local of_task = {}
  for _, task in ipairs(setup.tasks) do
    local places = {}
    for _, place in ipairs(setup:places(method.at)) do
      local rows, columns = place.shape[1], place.shape[2]
      local name = task .. "." .. place.name
      places[place.name] = {
        low_rank = {
          setup:parameter("lora", name .. ".a", parts.matrix(method.rank, columns)),
          setup:parameter("lora", name .. ".b", torch.zeros(rows, method.rank)),
        },
        scale = method.alpha / method.rank,
      }
    end
    of_task[task] = places
  end
  return { give = function(batch) return { changes = of_task[batch.task] } end }
end)
