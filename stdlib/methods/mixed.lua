--- Other compositions of ComPT's published code: source prompts are combined without a router, then joined with the
--- private prompt.
---
--- `mix`: "mean" or "max" over the sources (pooling), "concat" (one after the other, S * m rows), or
--- "linear", a two-layer linear mixer over rows, W2 (W1 [P_1; ...; P_S]), W1 [S m, S m] and W2 [m, S m].
--- `join`: "sum", "product", or "concat" (with the private prompt last). `share`: weight a of the private prompt,
--- (1 - a) mixed o a private: a number, or "learned" (a is the sigmoid of a parameter per task, initially 0.5); false: no
--- scaling. Top-k sources are `top_k` of ssum, msum and mcat.
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

local function one_of(value, known, option)
  require("compt.library").known("value", value, known, "compt.methods.mixed: " .. option)
  return value
end

return require "compt.methods.define"("mixed", {
  mix = "mean", join = "sum", share = false, sources = 3, length = 20, init = "uniform",
  placement = "append", lr = { source = 0.05, private = 0.02, mixer = 0.01 }, warmup = 0.2,
}, function(method, setup)
  local count, m = method.sources, method.length
  local mix = one_of(method.mix, { "mean", "max", "concat", "linear" }, "mix")
  local join = one_of(method.join, { "sum", "product", "concat" }, "join")
  if method.share and type(method.share) ~= "number" then one_of(method.share, { "learned" }, "share") end
  local rows = mix == "concat" and count * m or m
  local names = {}
  for i = 1, count do names[i] = tostring(i - 1) end
  local source = parts.prompts(setup, "source", names, m)
  local private = parts.prompts(setup, "private", setup.tasks, join == "concat" and m or rows)
  local first, second
  if mix == "linear" then
    first = setup:parameter("mixer", "w1", parts.matrix(count * m, count * m))
    second = setup:parameter("mixer", "w2", parts.matrix(m, count * m))
  end
  local share = {}
  for _, task in ipairs(method.share == "learned" and setup.tasks or {}) do
    share[task] = setup:parameter("mixer", "share." .. task, torch.zeros(1, 1))
  end

  local function mixed()
    local list = {}
    for i, name in ipairs(names) do list[i] = source[name] end
    if mix == "mean" then return torch.stack(list):mean(1) end
    if mix == "max" then return torch.stack(list):amax(1) end
    local all = torch.cat(list, 1)
    return mix == "concat" and all or torch.matmul(second, torch.matmul(first, all))
  end

  return {
    give = function(batch)
      local own, shared = batch:each(function(task) return private[task] end), mixed():unsqueeze(1)
      if method.share then
        local a = method.share
        if a == "learned" then a = torch.sigmoid(batch:each(function(task) return share[task] end)) end
        own, shared = own * a, shared * (1 - a)
      end
      if join == "sum" then return shared + own end
      if join == "product" then return shared * own end
      return torch.cat({ shared:expand(batch.size, -1, -1), own }, 2)
    end,
  }
end)
