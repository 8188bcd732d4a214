--- Stochastic gradient descent with momentum, as `torch.optim.SGD`: g <- g + weight_decay p, which is added to the gradient
--- and not decoupled; b <- momentum b + (1 - dampening) g, but b <- g at the first step; p <- p - lr b, or with `nesterov`
--- p <- p - lr (g + momentum b) (Sutskever et al. 2013).
return {
  options = { momentum = 0, dampening = 0, nesterov = false },
  state = { "momentum_buffer" },
  elementwise = true,
  update = function(p, grad, state, context)
    local o = context.options
    if o.momentum < 0 then error(("'momentum' must be 0 or more, not %s"):format(o.momentum), 0) end
    if o.nesterov and (o.momentum <= 0 or o.dampening ~= 0) then
      error("'nesterov' needs a 'momentum' above 0 and no 'dampening'", 0)
    end
    if context.weight_decay ~= 0 then grad = grad + p * context.weight_decay end
    if o.momentum ~= 0 then
      local first = context.step == 1
      state.momentum_buffer = first and grad or state.momentum_buffer * o.momentum + grad * (1 - o.dampening)
      grad = o.nesterov and grad + state.momentum_buffer * o.momentum or state.momentum_buffer
    end
    return p - grad * context.lr
  end,
}
