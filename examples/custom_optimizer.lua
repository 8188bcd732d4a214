--- A custom optimizer, "cautious" AdamW (Liang et al. 2024), against those of the library; and AdamW by hand.
---     compt run examples/custom_optimizer.lua
local compt, torch = require "compt", require "compt.torch"

compt.optimizer.define("cautious", {
  options = { betas = { 0.9, 0.999 } },
  state = { "m", "v" }, -- zeros before the first update; saved in checkpoints
  update = function(p, grad, state, context)
    local beta1, beta2 = table.unpack(context.options.betas)
    state.m = state.m:lerp(grad, 1 - beta1)
    state.v = state.v:lerp(grad ^ 2, 1 - beta2)
    local root = torch.sqrt(state.v / (1 - beta2 ^ context.step)) + 1e-8
    local step = state.m / (1 - beta1 ^ context.step) / root
    local agrees = (step * grad):gt(0):float() -- moves only where momentum and gradient have the same sign
    local moved = p - context.lr * step * agrees / agrees:mean():clamp(1e-3)
    return moved * (1 - context.lr * context.weight_decay)
  end,
})

local backbone, tasks = compt.backbone "micro", compt.tasks("micro", { shots = 16, seed = 1 })
local method, epochs = compt.methods.ssum {}, compt.args.quick and 1 or 30
for _, name in ipairs { "adamw", "cautious", "lion" } do
  local options = { name = name, backbone = backbone, tasks = tasks, method = method, epochs = epochs, seed = 1 }
  options.optimizer = name
  local trainer = compt.trainer(options)
  trainer:run()
  print(("%s: %.1f"):format(name, trainer:evaluate("test").average))
end

-- By hand, as torch.optim.AdamW([w], lr=0.1).
local x = torch.randn(64, 3, { device = backbone.device })
local w = torch.zeros(3, { requires_grad = true, device = backbone.device })
local o = compt.optimizer.adamw({ w }, { lr = 0.1 })
for _ = 1, 100 do
  ((x:matmul(w) - x:sum(2)) ^ 2):mean():backward()
  o:step()
  o:zero_grad()
end
print(w:detach(), o)
