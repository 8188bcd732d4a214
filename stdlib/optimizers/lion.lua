--- Lion (Chen et al. 2023, algorithm 2), with m for `exp_avg`: u = sign(beta1 m + (1 - beta1) g);
--- p <- p - lr (u + weight_decay p); m <- beta2 m + (1 - beta2) g.
local torch = require "compt.torch"

return {
  options = { betas = { 0.9, 0.99 } },
  lr = 1e-4,
  state = { "exp_avg" },
  elementwise = true,
  update = function(p, grad, state, context)
    local beta1, beta2 = table.unpack(context.options.betas)
    local direction = torch.sign(state.exp_avg:lerp(grad, 1 - beta1))
    state.exp_avg = state.exp_avg:lerp(grad, 1 - beta2)
    return p * (1 - context.lr * context.weight_decay) - direction * context.lr
  end,
}
