--- An operator: composes the prompts of a batch.
local torch = require "compt.torch"

---@type compt.OperatorTable
local operator = {
  parameters = function(context) return { scale = { shape = { context.d_model }, init = "ones" } } end,
  -- private [B, m, d], sources [S, m, d], weights [B, S] -> [B, m, d]
  compose = function(private, sources, weights, parameters)
    local mixed = torch.einsum("bs,smd->bmd", weights, sources)
    return private * torch.sigmoid(mixed * parameters.scale) + mixed
  end,
}

return operator
