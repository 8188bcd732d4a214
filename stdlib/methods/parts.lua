--- Parts that methods share.
local random = require "compt.micro.random"
local torch = require "compt.torch"

local parts = {}

--- Values from U(-bound, bound).
function parts.uniform(bound, ...) return (torch.rand(...) - 0.5) * (2 * bound) end

--- The default initialisation of torch's Linear for a matrix `[out, in]`: Kaiming with a = sqrt(5), U(+-1/sqrt(in)).
function parts.matrix(rows, columns) return parts.uniform(columns ^ -0.5, rows, columns) end

--- A fixed matrix `[rows, columns]` of Xavier's uniform distribution, U(+-sqrt(6 / (rows + columns))): the same on every
--- machine, whatever the seed of a run.
function parts.projection(seed, rows, columns)
  local draws, bound, values = random.new(seed, "projection"), (6 / (rows + columns)) ^ 0.5, {}
  for i = 1, rows * columns do values[i] = (2 * draws:uniform() - 1) * bound end
  return torch.tensor(values, { dtype = "float32" }):reshape(rows, columns)
end

--- The mean of the embeddings of each input, `[B, d]`.
---@param batch compt.Batch
---@return torch.Tensor
function parts.mean_embedding(batch)
  return torch.div(batch:embeddings():sum(2), batch:mask():sum(2, { keepdim = true }))
end

--- A prompt `[length, d]` of a group for each name, initialised with `init` of the method.
function parts.prompts(setup, group, names, length)
  local prompts = {}
  for _, name in ipairs(names) do
    prompts[name] = setup:parameter(group, name, setup:prompt(length))
  end
  return prompts
end

--- Copies a value into a parameter, without gradient.
function parts.assign(parameter, value)
  torch.no_grad(function() parameter:copy_(value) end)
end

--- The mean of a list of tensors.
function parts.mean(tensors) return torch.stack(tensors):mean(1) end

return parts
