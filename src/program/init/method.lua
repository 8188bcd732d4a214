--- A method: declares parameters, and gives each row of a batch its prompt [B, m, d].
local torch = require "compt.torch"

---@type compt.CustomMethod
local method = {
  name = "scaled",
  lr = { shared = 0.1, own = 0.05 },

  --- P_t = P * (1 + a_t): P [m, d] is shared, a_t [d] belongs to a task.
  build = function(setup)
    local shared = setup:parameter("shared", "prompt", setup:prompt(20))
    local own = {} ---@type table<string, torch.Tensor>
    for _, task in ipairs(setup.tasks) do
      own[task] = setup:parameter("own", task, torch.zeros(setup.d_model))
    end
    return {
      give = function(batch)
        return batch:each(function(task) return shared * (1 + own[task]) end)
      end,
    }
  end,
}
method.init = "vocabulary"
method.warmup = 0.1

return method
