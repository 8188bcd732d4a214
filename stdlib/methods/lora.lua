--- LoRA (Hu et al. 2021): W + (alpha / rank) B A at the query and value matrices of self- and cross-attention, one set
--- per task, each task trained separately. A [rank, in] has Kaiming initialisation, B [out, rank] starts with zeros, as in
--- `peft`. T5-base with rank 8: 884,736 parameters per task. `given`: a folder of peft to start from, instead of `at`,
--- `rank` and `alpha`; `trainer:export_peft(DIR, { task = NAME })` writes one.
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

return require "compt.methods.define"("lora", {
  at = "*Attention.{q,v}", rank = 8, alpha = 8, given = false, alone = true, lr = { lora = 1e-3 },
}, function(method, setup)
  local function fresh()
    local changes = {}
    for _, place in ipairs(setup:places(method.at)) do
      local rows, columns = place.shape[1], place.shape[2]
      changes[place.name] = {
        low_rank = { parts.matrix(method.rank, columns), torch.zeros(rows, method.rank) },
        scale = method.alpha / method.rank,
      }
    end
    return changes
  end

  local of_task = {}
  for _, task in ipairs(setup.tasks) do
    local places = {}
    for place, change in sorted_pairs(method.given and setup:low_rank(method.given) or fresh()) do
      local name = task .. "." .. place
      places[place] = {
        low_rank = {
          setup:parameter("lora", name .. ".a", change.low_rank[1]),
          setup:parameter("lora", name .. ".b", change.low_rank[2]),
        },
        scale = change.scale,
      }
    end
    of_task[task] = places
  end
  return { give = function(batch) return { changes = of_task[batch.task] } end }
end)
