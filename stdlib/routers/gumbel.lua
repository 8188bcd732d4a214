--- Gumbel-softmax (Jang et al. 2017; Maddison et al. 2017): learned logits [T, S]. In training the weights are
--- softmax((logits + g) / temperature) with g = -log(-log u), u from U(0, 1), as in PyTorch's `gumbel_softmax`; with
--- `hard` they are the one-hot vector of the largest, with the gradient of the soft ones. At inference they are
--- softmax(logits), the probability with which each source prompt is the largest; with `hard`, its maximum alone.
local torch = require "compt.torch"

return {
  options = { hard = false },
  parameters = function(context) return { logits = { shape = { #context.tasks, context.sources } } } end,
  weights = function(context)
    local scores = context.parameters.logits:index_select(1, context.task)
    if context.phase == "train" then
      local u = torch.rand(scores.shape, { device = "cpu" }):clamp(1e-20, 1 - 1e-7):to(scores.device)
      scores = (scores - torch.log(-torch.log(u))) / context.temperature
    end
    local soft = torch.softmax(scores:masked_fill(context.excluded, -math.huge), -1)
    if not context.options.hard then return soft end
    local hard = torch.zeros_like(soft):scatter(2, soft:argmax(2, { keepdim = true }), 1)
    return hard - soft:detach() + soft
  end,
}
