--- The training step of compt: prompt tuning on fixed batches of token ids.
---
---     --set model=DIR --set dtype=float32 --set prompt=FILE --set batches=FILE
---
--- Commands: `steps` makes one step on each batch; `gradient FILE` makes a step on the first batch
--- from the initial prompt and saves its gradient; `gradient_padded FILE` the same over padded
--- rows.
local compt, torch = require "compt", require "compt.torch"

local args = compt.args
local batches = dofile(args.batches)
local given = torch.load(args.prompt).prompt
local backbone = compt.backbone(args.model, { dtype = args.dtype })

local function trainer(lr, options)
  return compt.trainer {
    backbone = backbone,
    method = compt.methods.pt {
      length = given.shape[1], encoder = "none", placement = "prepend", alone = false,
      init = { kind = "given", value = given },
    },
    stream = function(step) return batches[(step - 1) % #batches + 1] end,
    steps = 1000000,
    dropout = 0,
    control = { lr = { private = lr }, clip = 1e6 },
    optimizer = options.optimizer,
    weight_decay = 0,
    attention = options.attention,
    progress = false,
  }
end

--- A first step of AdamW with epsilon 1 is s = rate g / (|g| + 1), so with u = s / rate the gradient
--- is g = u / (1 - |u|).
local function gradient(path, attention)
  local rate = 100
  local probe = trainer(rate, { optimizer = { kind = "adamw", eps = 1 }, attention = attention })
  local report = probe:step()
  local u = (given - probe:prompt(1)) / rate
  torch.save(path, { gradient = u / (1 - u:abs()) })
  return { loss = report.loss }
end

local tuned = trainer(0.01, {})

require "serve" {
  steps = function()
    local loss
    for _ = 1, #batches do loss = tuned:step().loss end
    return { loss = loss }
  end,
  gradient = function(path) return gradient(path, "auto") end,
  gradient_padded = function(path) return gradient(path, "padded") end,
}
