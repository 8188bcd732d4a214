--- Makes the trainer of a run from its specification (`config.json`), without the script that made it.
---
--- `given`: what takes the place of recorded settings (`device`, `backbone`), and the files of the run's
--- `operator` and `control`.
local compt = require "compt"

--- Keys that a method's options do not have.
local no_options = { "build", "backbone", "from" }

local function task_set(recorded)
  local all
  for _, source in ipairs(recorded.sources) do
    local part = compt.tasks(source.what, source.options)
    all = all and all + part or part
  end
  return all
end

local function method_of(spec)
  local options = {}
  for key, value in pairs(spec.method) do options[key] = value end
  for _, key in ipairs(no_options) do options[key] = nil end
  if options.name == spec.library then options.name = nil end
  if options.lr then
    local rates = {}
    for group, rate in pairs(options.lr) do
      if spec.parameters[group] then rates[group] = rate end
    end
    options.lr = rates
  end
  if spec.from then options.from = task_set(spec.from) end
  return compt.methods[spec.library](options)
end

local function backbone_of(recorded, given)
  local name = recorded.name
  if recorded.revision then name = name .. "@" .. recorded.revision end
  return compt.backbone(given.backbone or name, {
    dtype = given.device and "auto" or recorded.dtype,
    device = given.device or recorded.device,
  })
end

return function(spec, given)
  if given.operator then compt.compose.define(spec.method.compose, given.operator) end
  return compt.trainer {
    backbone = backbone_of(spec.backbone, given),
    tasks = spec.tasks and task_set(spec.tasks),
    method = method_of(spec),
    control = given.control,
    name = spec.name,
    epochs = spec.epochs,
    steps = spec.asked_steps,
    batch_size = spec.batch_size,
    seed = spec.seed,
    placement = spec.placement,
    max_source_length = spec.max_source_length,
    accumulate = spec.accumulate,
    clip = spec.clip or math.huge,
    dropout = spec.dropout,
    weight_decay = spec.weight_decay,
    length_buckets = spec.length_buckets,
    attention = spec.attention,
    optimizer = spec.optimizer,
    non_finite = { policy = spec.non_finite, tries = spec.non_finite_tries },
    evaluate_every = spec.evaluate_every,
    evaluate_limit = spec.evaluate_limit,
    checkpoint_every = spec.checkpoints.every,
    keep = spec.checkpoints.keep,
    best = spec.checkpoints.best,
  }
end
