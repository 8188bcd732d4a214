--- Prompts of one task on the rows of another (figure A1).
local torch = require "compt.torch"

--- A method that uses this prompt [m, d] for every task and trains nothing.
---@param prompt torch.Tensor
local function shown(prompt)
  return {
    name = "shown", lr = { prompt = 0 },
    build = function(setup)
      local p = setup:parameter("prompt", "p", prompt)
      return { give = function(batch) return batch:each(function() return p end) end }
    end,
  }
end

--- Task -> task -> score: the prompt of the first task on the test rows of the second, in its main metric.
---@param t compt.Trainer
---@param tasks compt.Tasks
---@param trainer fun(tasks: compt.Tasks, method: any, name: string): compt.Trainer
return function(t, tasks, trainer)
  local found = {}
  for _, from in ipairs(tasks.names) do
    local prompt = torch.tensor(t:prompt(from):tolist())
    local scores = trainer(tasks, shown(prompt), "on-others"):evaluate("test").scores
    found[from] = {}
    for _, to in ipairs(tasks.names) do found[from][to] = scores[to][tasks:metrics(to)[1]] end
  end
  return found
end
