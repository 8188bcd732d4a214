--- The cost of a control in Lua per step: the same trainer with the control of the method, and with a control whose knobs
--- are Lua functions of the losses, where the report of each step is read.
---
--- Commands: `plain N` and `policy N` make N steps on a backbone so small that the control is a
--- large part of the step; `micro N` makes N steps on the micro backbone. Each returns the milliseconds per step that the
--- trainer measured.
local compt = require "compt"

local schedule = compt.schedule
local micro = compt.backbone "micro"
local tiny = compt.backbone({
  d_model = 8, d_kv = 4, d_ff = 8, num_heads = 2, num_layers = 1, num_decoder_layers = 1,
  vocab_size = micro.vocab_size, dropout_rate = 0,
}, { tokenizer = micro.tokenizer, seed = 1 })
local tasks = compt.tasks("micro", { shots = 16, seed = 1 })

local function rate(peak)
  local base = schedule.warmup_linear(peak, { warmup = 0.2 })
  return function(step, view) return base(step, view) * math.min(1, (view.loss or 1) + 0.5) end
end

--- Tasks with a higher loss are drawn more often.
local function worse_first(_, view)
  local weights = {}
  for task, loss in pairs(view.task_losses) do weights[task] = 1 + loss / (1 + loss) end
  return next(weights) and weights or nil
end

local policy = {
  lr = { router = rate(0.1), source = rate(0.05), private = rate(0.02) },
  temperature = function(_, view) return 5 - 4.9 * view.progress end,
  clip = function(_, view) return view.epoch > 2 and 1 or 2 end,
  dropout = function() return 0 end,
  task_weights = worse_first,
}

local function trainer(backbone, control)
  return compt.trainer {
    backbone = backbone, tasks = tasks, method = compt.methods.ssum {}, steps = 1000000,
    batch_size = backbone == tiny and 1 or 16, control = control, progress = false,
  }
end

local function steps(which, read)
  return function(n)
    for _ = 1, n do
      local report = which:step()
      if read then read(report) end
    end
    return {}
  end
end

--- Values that a study may read at each step.
local best = {}
local function watch(report)
  for task, loss in pairs(report.task_losses) do
    best[task] = math.min(best[task] or math.huge, loss)
  end
  return report.loss + report.grad_norm + report.lr.private
end

require "serve" {
  plain = steps(trainer(tiny)),
  policy = steps(trainer(tiny, policy), watch),
  micro = steps(trainer(micro)),
}
