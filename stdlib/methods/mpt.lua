--- MPT (Wang et al. 2023): P_k = P* o (u_k v_k^T), with P* [m, d] shared, and u_k [m] and v_k [d] per task.
---
--- Three stages. Teachers: one prompt per source task, by prompt tuning. Distillation: P* and u, v of the source tasks
--- together, loss = task loss + lambda (KL of the logits + squared error of the last decoder states) against the teachers,
--- both as means over target tokens (the error also over dimensions). Adaptation: P* and the means of u, v initialise the
--- target tasks; no distillation. lambda is 0.9; rates are 0.3 for P*, 0.4 for u, v. Source tasks are `from`, or the target
--- tasks.
---
--- Not verified with the text of the paper: lambda, the rates, and the start of stage three. u and v start as ones. Batches
--- mix the rows of all tasks, as for the other methods; later published code draws 2 to T tasks per batch, in proportion to
--- their rows. T5-base with 100 rows: 77,668 parameters for a task (77.6K published), 10.5K per task for eight.
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

--- KL(teacher || student) of logits [B, T, V], mean over target tokens, [].
local function divergence(teacher, student, mask)
  local t, s = torch.log_softmax(teacher, -1), torch.log_softmax(student, -1)
  return ((torch.exp(t) * (t - s)):sum(-1) * mask):sum() / mask:sum()
end

local function distance(teacher, student, mask)
  return (torch.pow(teacher - student, 2):mean(-1) * mask):sum() / mask:sum()
end

return require "compt.methods.define"("mpt", {
  placement = "prepend", init = "vocabulary", from = false, length = 20, lambda = 0.9,
  lr = { teacher = 0.3, shared = 0.3, source = 0.4, private = 0.4 },
}, function(method, setup)
  local names = setup.from or setup.tasks
  local teacher = parts.prompts(setup, "teacher", names, method.length)
  local shared = setup:parameter("shared", "prompt", setup:prompt(method.length))
  local function factors(group, tasks)
    local of_task = {}
    for _, task in ipairs(tasks) do
      of_task[task] = {
        u = setup:parameter(group, task .. ".u", torch.ones(method.length)),
        v = setup:parameter(group, task .. ".v", torch.ones(setup.d_model)),
      }
    end
    return of_task
  end
  local source, private = factors("source", names), factors("private", setup.tasks)

  local function composed(batch, own)
    return batch:each(function(task) return shared * torch.outer(own[task].u, own[task].v) end)
  end
  local function of_teacher(batch) return batch:each(function(task) return teacher[task] end) end

  local function distilled(batch, out)
    local taught = torch.no_grad(function() return batch:forward(of_teacher(batch)) end)
    return out.loss + method.lambda * (divergence(taught.logits, out.logits, out.mask)
      + distance(taught.states, out.states, out.mask))
  end

  local function begin()
    for _, part in ipairs { "u", "v" } do
      local all = {}
      for i, name in ipairs(names) do all[i] = source[name][part]:detach() end
      for _, task in ipairs(setup.tasks) do parts.assign(private[task][part], parts.mean(all)) end
    end
  end

  return {
    stages = {
      { name = "teachers", from = true, alone = true, share = 0.25, train = { "teacher" },
        give = of_teacher },
      { name = "distillation", from = true, share = 0.25, train = { "shared", "source" },
        give = function(batch) return composed(batch, source) end, loss = distilled },
      { name = "adaptation", share = 0.5, train = { "shared", "private" }, begin = begin,
        give = function(batch) return composed(batch, private) end },
    },
  }
end)
