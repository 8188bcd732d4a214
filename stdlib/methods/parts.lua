--- Parts that methods share.
local torch = require "compt.torch"

local parts = {}

--- Values from U(-bound, bound).
function parts.uniform(bound, ...) return (torch.rand(...) - 0.5) * (2 * bound) end

--- torch's default for the matrix `[out, in]` of a Linear: Kaiming with sqrt(5), U(+-1/sqrt(in)).
function parts.matrix(rows, columns) return parts.uniform(columns ^ -0.5, rows, columns) end

--- For each name a prompt `[length, d]` of a group, begun as the method's `init` says.
function parts.prompts(setup, group, names, length)
  local prompts = {}
  for _, name in ipairs(names) do
    prompts[name] = setup:parameter(group, name, setup:prompt(length))
  end
  return prompts
end

--- Sets parameters to values, without a gradient.
function parts.assign(parameter, value)
  torch.no_grad(function() parameter:copy_(value) end)
end

--- The mean of a list of tensors.
function parts.mean(tensors) return torch.stack(tensors):mean(1) end

return parts
