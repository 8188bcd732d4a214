-- Tensors by PyTorch's habits: arguments by position or by name, positions from 1.
--     compt run examples/tensors.lua
local torch = require "compt.torch"

torch.manual_seed(1)
local x = torch.randn(4, 6)
print(x:mean { dim = 1, keepdim = true }) -- x.mean(dim=0, keepdim=True)
print(x:topk(2, { largest = false })) -- values, positions

-- How similar are four prompts of five vectors, and in how many directions do they lie?
local prompts = torch.randn(4, 5, 8)
local rows = prompts:rearrange "prompt length d -> prompt (length d)"
local unit = torch.normalize(rows, { dim = -1 })
print(unit:matmul(unit:t()):round { decimals = 2 }) -- cosine similarities
local singular = torch.linalg.svdvals(rows)
local share = (singular ^ 2):cumsum(1) / (singular ^ 2):sum()
print(("%d of %d directions hold 90 %%"):format(share:lt(0.9):sum():item() + 1, #singular))

-- A loss by hand: the attention of a query over the prompts, and its gradient.
local query = torch.randn(1, 40, { requires_grad = true })
local mixed = torch.scaled_dot_product_attention(query, rows, rows, { scale = 1 / 8 })
local loss = torch.smooth_l1_loss(mixed, torch.zeros_like(mixed), { beta = 0.5 })
loss:backward()
print(loss:item(), assert(query.grad):norm():item())
