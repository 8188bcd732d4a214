--- A custom optimizer, "cautious" AdamW (Liang et al. 2024), against those of the library; and one by hand.
---     compt run examples/custom_optimizer.lua
local compt, torch = require "compt", require "compt.torch"

compt.optimizer.define("cautious", {
  options = { betas = { 0.9, 0.999 }, eps = 1e-8 },
  state = { "m", "v" }, -- zeros before the first update; saved in checkpoints
  update = function(p, grad, state, context)
    local beta1, beta2 = table.unpack(context.options.betas)
    state.m = state.m:lerp(grad, 1 - beta1)
    state.v = state.v:lerp(grad ^ 2, 1 - beta2)
    local step = state.m / (1 - beta1 ^ context.step) / (torch.sqrt(state.v / (1 - beta2 ^ context.step)) + context.options.eps)
    local agrees = (step * grad):gt(0):float() -- moves only where momentum and gradient have the same sign
    local moved = p - context.lr * step * agrees / agrees:mean():clamp(1e-3)
    return moved * (1 - context.lr * context.weight_decay)
  end,
})

local tasks = compt.tasks("micro", { shots = 16, seed = 1 })
for _, optimizer in ipairs { "adamw", "cautious", "lion", { kind = "sgd", momentum = 0.9, nesterov = true } } do
  local name = type(optimizer) == "table" and optimizer.kind or optimizer
  local trainer = compt.trainer {
    name = name, backbone = compt.backbone "micro", tasks = tasks, optimizer = optimizer,
    epochs = compt.args.quick and 1 or 30, method = compt.methods.ssum {}, seed = 1,
  }
  trainer:run()
  print(("%s: %.1f"):format(name, trainer:evaluate("test").average))
end

-- By hand, as torch.optim.AdamW([w, b], lr=0.1).
local x, w, b = torch.randn(64, 3), torch.zeros(3, { requires_grad = true }), torch.zeros(1, { requires_grad = true })
local o, loss = compt.optimizer.adamw({ w, b }, { lr = 0.1 }), nil
for _ = 1, 100 do
  loss = ((x:matmul(w) + b - x:sum(2)) ^ 2):mean()
  loss:backward()
  o:step()
  o:zero_grad()
end
print(("loss %.2g, w %s"):format(loss:item(), w:detach()))
