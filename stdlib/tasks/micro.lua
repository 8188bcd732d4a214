--- The eight micro tasks: generated text about a small world, GLUE's kinds of task in miniature.
---
--- Few-shot rows are drawn class-balanced from `seed`; validation and test rows (100 a task) are
--- the same for every seed and never meet the training rows.
local micro = require "compt.micro.tasks"

--- Rows of training data where no `shots` are asked for.
local PLENTY = 512

return function(options)
  local tasks = {}
  for _, name in ipairs(micro.names) do
    local definition = micro.definitions[name]
    local classes = type(definition.labels) == "table" and #definition.labels or 2
    local shots = options.shots and options.shots * (options.per == "class" and classes or 1)
    tasks[name] = {
      fields = definition.fields,
      template = function(row) return micro.source(name, row) end,
      labels = definition.labels,
      rounding = definition.labels == "number" and 0.5 or nil,
      metrics = definition.metrics,
      rows = {
        train = micro.rows(name, { count = shots or PLENTY, seed = options.seed or 0 }),
        test = micro.test_rows(name, options.max_test or 100),
      },
    }
  end
  return { order = micro.names, tasks = tasks }
end
