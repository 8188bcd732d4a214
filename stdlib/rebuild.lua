--- Creates the trainer of a run from its specification (`config.json`), without the script.
---
--- `given`: replacements for recorded settings (`device`, `backbone`, or the `loaded` backbone), the files of the run's operator and router
--- (`parts`, by the key in the method), and that of its `control`. While a part is made, `given.at` is its key.
local methods = require "compt.methods"
local native = require "compt.native"

--- Keys of a method that are not options of the function that creates it.
local no_options = { "name", "settings", "lr", "build", "backbone", "from" }

--- Keys of a method that its record does not contain.
---@type table<string, true?>
local unrecorded = { build = true, backbone = true, from = true }

local function task_set(recorded)
  if not recorded.sources or #recorded.sources == 0 then error("the tasks' 'sources' are missing", 0) end
  local all
  for i, source in ipairs(recorded.sources) do
    local drawn, options = recorded.parts and recorded.parts[i] or recorded, {}
    for key, value in pairs(source.options) do options[key] = value end
    -- Before `split_seed` existed, the splits were drawn with `seed`.
    if not drawn.split_seed then options.split_seed = options.seed or 0 end
    local part = native.tasks(source.what, options)
    all = all and all + part or part
  end
  return all
end

local function method_of(spec, given)
  local options = {}
  for key, value in pairs(spec.method) do options[key] = value end
  for _, key in ipairs(no_options) do options[key] = nil end
  if spec.from then
    given.at = "from"
    options.from = task_set(spec.from)
    given.at = "method"
  end
  local method = methods[spec.library](options)
  -- The script can set keys after it has created the method.
  for key in pairs(method) do
    if not unrecorded[key] then method[key] = nil end
  end
  for key, value in pairs(spec.method) do
    if not unrecorded[key] then method[key] = value end
  end
  return method
end

local function backbone_of(recorded, given)
  local name = recorded.name
  if recorded.revision then name = name .. "@" .. recorded.revision end
  local kind = given.device and given.device:match "^%a+"
  local keeps = not kind or recorded.dtype == "float32" or kind == recorded.device:match "^%a+"
  return native.backbone(given.backbone or name, {
    dtype = keeps and recorded.dtype or "auto",
    device = given.device or recorded.device,
  })
end

return function(spec, given)
  for key, part in pairs(given.parts) do native[key].define(part.name, part.file) end
  given.at = "backbone"
  local backbone = given.loaded or backbone_of(spec.backbone, given)
  given.at = "tasks"
  local tasks = spec.tasks and task_set(spec.tasks)
  given.at = "method"
  local method = method_of(spec, given)
  given.at = nil
  return native.trainer {
    backbone = backbone,
    tasks = tasks,
    method = method,
    control = given.control,
    name = spec.name,
    epochs = spec.epochs,
    steps = spec.asked_steps,
    batch_size = spec.batch_size,
    seed = spec.seed,
    prefix = spec.prefix or false,
    placement = spec.placement,
    max_source_length = spec.max_source_length,
    accumulate = spec.accumulate,
    clip = spec.clip or math.huge,
    dropout = spec.dropout,
    weight_decay = spec.weight_decay,
    length_buckets = spec.length_buckets,
    sampler = spec.sampler,
    attention = spec.attention,
    recompute = spec.recompute,
    optimizer = spec.optimizer,
    non_finite = { policy = spec.non_finite, tries = spec.non_finite_tries },
    evaluate_every = spec.evaluate_every,
    evaluate_limit = spec.evaluate_limit,
    checkpoint_every = spec.checkpoints.every,
    keep = spec.checkpoints.keep,
    best = spec.checkpoints.best,
  }
end
