--- Sparsemax (Martins & Astudillo 2016, algorithm 1): the Euclidean projection of learned logits [T, S] onto the
--- probability simplex, in both phases; source prompts with small logits get the weight 0. With z sorted from the
--- largest, k is the largest number with 1 + k z_k > z_1 + ... + z_k; tau = (z_1 + ... + z_k - 1) / k; the weights are
--- max(z - tau, 0).
local torch = require "compt.torch"

--- @param z torch.Tensor
--- @return torch.Tensor
local function sparsemax(z)
  local sorted = torch.sort(z, -1, { descending = true })
  local sums = sorted:cumsum(-1)
  local ranks = torch.arange(1, z:size(2) + 1, { dtype = "float32", device = z.device })
  local k = torch.sum((sorted * ranks + 1):gt(sums):float(), -1, { keepdim = true })
  local tau = (sums:gather(2, k:long()) - 1) / k
  return torch.relu(z - tau)
end

return {
  parameters = function(context) return { logits = { shape = { #context.tasks, context.sources } } } end,
  weights = function(context)
    local z = context.parameters.logits:index_select(1, context.task)
    return sparsemax(z:masked_fill(context.excluded, -1e9))
  end,
}
