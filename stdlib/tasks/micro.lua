--- The eight micro tasks: generated text about a small world, with the types of task of GLUE.
---
--- Few-shot rows are drawn with balanced classes from `seed`. 100 validation and 100 test rows per task (or `max_test`)
--- come from fixed seeds, whatever `seed` is, and never overlap with the training rows.
local micro = require "compt.micro.tasks"

--- Number of training rows without `shots`.
local PLENTY = 512
--- The seed and the number of the validation rows.
local VALIDATION, COUNT = 20250702, 100

--- The number of rows to generate for `shots`, or for `shots` per class. Similarity has six levels.
local function supply(labels, options)
  if not options.shots then return PLENTY end
  if options.per ~= "class" then return options.shots end
  return options.shots * (labels == "number" and 6 or #labels)
end

--- The definition of a task, with its rows.
local function make(name, options)
  local definition = micro.definitions[name]
  local labels = definition.labels
  local validation = micro.rows(name, { count = COUNT, seed = VALIDATION })
  local taken = {}
  for _, row in ipairs(validation) do taken[micro.source(name, row)] = true end
  local train = micro.rows(name, { count = supply(labels, options), seed = options.seed or 0, exclude = taken })
  return {
    fields = definition.fields,
    template = micro.template(name),
    shared_prefix = definition.prefix,
    labels = labels,
    rounding = labels == "number" and 0.5 or nil,
    metrics = definition.metrics,
    rows = {
      train = train,
      validation = validation,
      test = micro.test_rows(name, options.max_test or COUNT),
    },
  }
end

return { order = micro.names, make = make }
