--- The eight micro tasks: generated text about a small world, GLUE's kinds of task in miniature.
---
--- Few-shot rows are drawn class-balanced from `seed`; 100 validation and 100 test rows a task (or
--- `max_test`) come from seeds of their own and never meet the training rows.
local micro = require "compt.micro.tasks"

--- Rows of training data where no `shots` are asked for.
local PLENTY = 512
--- The seed of the validation rows, and how many there are.
local VALIDATION, COUNT = 20250702, 100

--- How many rows hold `shots` of them: of each class, where they are asked for by class. Likeness
--- is drawn from six levels, of which the lower half of its range has the fewer, two.
local function supply(labels, options)
  if not options.shots then return PLENTY end
  if options.per ~= "class" then return options.shots end
  return options.shots * (labels == "number" and 6 or #labels)
end

--- The definition of one of them, with its rows.
local function make(name, options)
  local definition = micro.definitions[name]
  local labels = definition.labels
  local train = micro.rows(name, { count = supply(labels, options), seed = options.seed or 0 })
  local taken = {}
  for _, row in ipairs(train) do taken[micro.source(name, row)] = true end
  return {
    fields = definition.fields,
    template = micro.template(name),
    labels = labels,
    rounding = labels == "number" and 0.5 or nil,
    metrics = definition.metrics,
    rows = {
      train = train,
      validation = micro.rows(name, { count = COUNT, seed = VALIDATION, exclude = taken }),
      test = micro.test_rows(name, options.max_test or COUNT),
    },
  }
end

return { order = micro.names, make = make }
