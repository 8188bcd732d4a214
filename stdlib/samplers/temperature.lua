--- Temperature-scaled mixing of tasks (Raffel et al. 2020, section 3.5.2; `mixing_rate_num_examples` of seqio, which
--- `rate_num_examples` of T5 calls): a batch has rows of task i in proportion to min(n_i, limit)^(1 / temperature), for
--- n_i training rows, and within a task each row is equally likely. At 1 this is in proportion to the tasks' rows; the
--- larger it is, the more alike the tasks are.
return {
  options = { temperature = 1, limit = 0 },
  mixes_tasks = true,
  weights = function(rows, context)
    local temperature, limit = context.options.temperature, context.options.limit
    if not (temperature > 0) then error(("'temperature' must be above 0, not %s"):format(temperature), 0) end
    if not (limit >= 0) then error(("'limit' must be at least 0 (0: none), not %s"):format(limit), 0) end
    local largest, rates = 0, {}
    for task, size in pairs(context.task_sizes) do
      rates[task] = limit > 0 and math.min(size, limit) or size
      largest = math.max(largest, rates[task])
    end
    local weights = {}
    for i, row in ipairs(rows) do
      -- Relative to the largest, so that the power of no rate overflows.
      weights[i] = (rates[row.task] / largest) ^ (1 / temperature) / context.task_sizes[row.task]
    end
    return weights
  end,
}
