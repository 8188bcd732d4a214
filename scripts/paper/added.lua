--- A task added to a model of other tasks (table 7): their source prompts are frozen; the new task gets its own private
--- prompt and router weights.
local compt = require "compt"
local torch = require "compt.torch"

--- P_u + sum_s w_s P_s with frozen sources, with weights from ComPT's router.
---@param sources torch.Tensor[] -- each [m, d]
local function onto(sources)
  local count, length = #sources, #sources[1]
  return {
    name = "added", lr = { router = 0.1, private = 0.3 }, warmup = 0.2, temperature = { 5, 1e-3 },
    placement = "append", init = "uniform",
    build = function(setup)
      local task = setup.tasks[1]
      local frozen = torch.stack(sources)
      local private = setup:parameter("private", task, setup:prompt(length))
      local logits = setup:parameter("router", "logits", torch.zeros(1, count))
      local function weights(batch)
        if not batch.training then return torch.softmax(logits, -1):expand(batch.size, count) end
        local u = torch.rand(batch.size, count):clamp(1e-6, 1 - 1e-6)
        local noise = torch.log(u) - torch.log(1 - u)
        return torch.softmax(torch.sigmoid((logits + noise) / batch.temperature), -1)
      end
      return {
        give = function(batch) return private + torch.einsum("bs,smd->bmd", weights(batch), frozen) end,
      }
    end,
  }
end

---@param s table<string, any>
---@param options compt.TasksOptions
---@param trainer fun(tasks: compt.Tasks, method: any, name: string?): compt.Trainer
return function(s, options, trainer)
  local function tasks_of(names)
    local some = {}
    for key, value in pairs(options) do some[key] = value end
    some.tasks = names
    return compt.tasks(s.tasks, some)
  end
  local all, others = options.tasks or compt.tasks(s.tasks, options).names, {}
  for _, name in ipairs(all) do
    if name ~= s.added then others[#others + 1] = name end
  end
  local before = trainer(tasks_of(others), compt.methods.ssum { sources = s.sources, length = s.length }, "others")
  before:run()
  local bank, sources = before.bank --[[@as compt.PromptBank]], {}
  for i = 1, s.sources do sources[i] = bank:source(i):detach() end
  local after = trainer(tasks_of { s.added }, onto(sources))
  after:run()
  local result = after:evaluate "test"
  return { average = result.average, scores = result.scores, others = before:evaluate("test").average }
end
