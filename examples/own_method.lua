--- A custom method: the prompt of each task is a shared prompt times a low-rank matrix of the task.
---
---     compt run examples/own_method.lua
---
--- A method is a table with a name, learning rates and `build`, which declares parameters and returns functions of a
--- batch. Autograd differentiates them. Stages, checkpoints, `compt resume` and `compt eval` work without further code.
local compt, torch = require "compt", require "compt.torch"

local quick = compt.args.quick

--- P_t = P * (1 + a_t b_t^T): P [m, d] is shared; a_t [m, r] and b_t [d, r] belong to the task.
---@return compt.CustomMethod
local function turned(options)
  local length, rank = options.length or 20, options.rank or 2

  local function build(setup)
    local shared = setup:parameter("shared", "prompt", setup:prompt(length))
    local own = {}
    for _, task in ipairs(setup.tasks) do
      own[task] = {
        a = setup:parameter("own", task .. ".a", torch.zeros(length, rank)),
        b = setup:parameter("own", task .. ".b", torch.randn(setup.d_model, rank) * 0.1),
      }
    end

    local function of_task(batch)
      -- Called once for each task of the batch: tasks without rows get no gradient.
      return batch:each(function(task) return shared * (1 + torch.matmul(own[task].a, own[task].b:t())) end)
    end

    return {
      give = of_task,
      stages = {
        { name = "shared", share = 0.3, train = { "shared" } },
        { name = "together", share = 0.7 },
      },
    }
  end

  return { name = "turned", build = build, init = "vocabulary", warmup = 0.1, lr = { shared = 0.1, own = 0.05 } }
end

local tasks = compt.tasks("micro", { shots = 16, seed = 1 })
local runs = {}
for _, method in ipairs { compt.methods.pt { alone = false }, turned { rank = 2 } } do
  local trainer = compt.trainer {
    backbone = compt.backbone "micro",
    tasks = tasks,
    method = method,
    epochs = quick and 2 or 30,
    seed = 1,
  }
  print(trainer)
  trainer:run()
  runs[#runs + 1] = { name = method.name, result = trainer:evaluate "test", baseline = #runs == 0 }
end
print(compt.report.methods(tasks, runs))
