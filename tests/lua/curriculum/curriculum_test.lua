local c = require "compt.curriculum"
local s = require "compt.schedule"

--- A view of a run of 100 steps with tasks of 100, 400 and 1600 rows.
local function view(step, changes)
  local seen = {
    step = step, total_steps = 100, epoch = 1, progress = (step - 1) / 100,
    task_sizes = { small = 100, middle = 400, large = 1600 },
    task_losses = {}, task_loss_averages = {},
  }
  for name, value in pairs(changes or {}) do seen[name] = value end
  return seen
end

local function same(weights, expected)
  for name in sorted_pairs(weights) do assert(expected[name], name .. " is not expected") end
  for name, value in sorted_pairs(expected) do
    local got = weights[name]
    assert(got and math.abs(got - value) <= 1e-12, ("%s: %s is not %s"):format(name, got, value))
  end
end

--- The tasks that are drawn at a step, sorted by name.
local function drawn(curriculum, step, changes)
  local names = {}
  for name, weight in sorted_pairs(curriculum(step, view(step, changes))) do
    if weight > 0 then names[#names + 1] = name end
  end
  return table.concat(names, " ")
end

local function refused(f, text)
  local ok, message = pcall(f)
  assert(not ok and tostring(message):find(text, 1, true), tostring(message))
end

return {
  ["proportional is by rows, up to a limit"] = function()
    local rows = { small = 100 / 2100, middle = 400 / 2100, large = 1600 / 2100 }
    same(c.proportional()(1, view(1)), rows)
    local limited = { small = 1 / 9, middle = 4 / 9, large = 4 / 9 }
    same(c.proportional { limit = 400 }(1, view(1)), limited)
  end,

  ["temperature_sampled is flatter at higher temperatures"] = function()
    local rooted = { small = 1 / 7, middle = 2 / 7, large = 4 / 7 }
    same(c.temperature_sampled(1)(1, view(1)), c.proportional()(1, view(1)))
    same(c.temperature_sampled(2)(1, view(1)), rooted)
    local limited = c.temperature_sampled(2, { limit = 400 })
    same(limited(1, view(1)), { small = 0.2, middle = 0.4, large = 0.4 })
    same(c.temperature_sampled(math.huge)(1, view(1)), c.equal()(1, view(1)))
    same(c.temperature_sampled(1e-4)(1, view(1)), { small = 0, middle = 0, large = 1 })
    local warming = c.temperature_sampled(s.linear(1, 3))
    same(warming(1, view(1)), c.proportional()(1, view(1)))
    same(warming(1, view(1, { total_steps = 1 })), c.proportional()(1, view(1)))
    same(warming(50.5, view(50.5)), rooted)
  end,

  ["equal ignores sizes"] = function()
    same(c.equal()(1, view(1)), { small = 1 / 3, middle = 1 / 3, large = 1 / 3 })
  end,

  ["easy_to_hard adds harder tasks during the run"] = function()
    local sizes = { a = 1, b = 1, c = 1, d = 1 }
    local losses = { a = 4, b = 1, c = 2, d = 3 }
    local seen = { task_sizes = sizes, task_loss_averages = losses }
    local pacing = c.easy_to_hard()
    -- The share is sqrt(x (1 - 1/16) + 1/16), x = progress / 0.5: 1/2 at x = 1/5, 3/4 at x = 8/15.
    for step, names in sorted_pairs {
      [1] = "b", [10] = "b", [11] = "b c", [27] = "b c", [28] = "b c d",
      [50] = "b c d", [51] = "a b c d", [100] = "a b c d",
    } do
      assert(drawn(pacing, step, seen) == names, step .. ": " .. drawn(pacing, step, seen))
    end
    assert(drawn(c.easy_to_hard { reverse = true }, 11, seen) == "a d")
    assert(drawn(c.easy_to_hard { start = 0 }, 1, seen) == "b")
    assert(drawn(c.easy_to_hard { start = 0.75 }, 1, seen) == "b c d")
    assert(drawn(c.easy_to_hard { all_by = 0.1 }, 11, seen) == "a b c d")
    assert(drawn(c.easy_to_hard { all_by = 1 }, 51, seen) == "b c")
    same(pacing(11, view(11, seen)), { b = 0.25, c = 0.25 })
  end,

  ["easy_to_hard draws every task, ties by name"] = function()
    local pacing, losses = c.easy_to_hard(), { large = 0.1 }
    assert(drawn(pacing, 1) == "large")
    assert(drawn(pacing, 2, { task_loss_averages = losses }) == "middle")
    losses.middle = 5
    assert(drawn(pacing, 3, { task_loss_averages = losses }) == "small")
    assert(drawn(c.easy_to_hard { reverse = true }, 3, { task_loss_averages = losses }) == "small")
    losses.small = 0.1
    assert(drawn(pacing, 4, { task_loss_averages = losses }) == "large")
    losses.large = 0 / 0
    assert(drawn(pacing, 5, { task_loss_averages = losses }) == "small")
  end,

  ["easy_to_hard keeps the weights"] = function()
    local losses = { task_loss_averages = { small = 1, middle = 2, large = 3 } }
    local seen = view(100, losses)
    local by_rows = c.easy_to_hard { weights = c.proportional() }
    same(by_rows(100, seen), c.proportional()(100, seen))
    same(by_rows(1, view(1, losses)), { small = 100 / 2100 })
    local two = c.easy_to_hard { weights = { large = 2, middle = 1, small = 0 } }
    same(two(1, view(1, losses)), { middle = 1 })
    same(two(100, seen), { middle = 1, large = 2 })
    same(c.easy_to_hard { weights = function() end }(100, seen), seen.task_sizes)
  end,

  ["staged gives each stage its share of the steps"] = function()
    local stages = c.staged {
      { 0.3, { small = 2, large = s.linear(0, 1) } },
      { 0.2, c.equal() },
      { 0.5, function(step, seen) return { small = step, large = seen.progress } end },
    }
    same(stages(1, view(1)), { small = 2, large = 0 })
    same(stages(30, view(30)), { small = 2, large = 1 })
    same(stages(31, view(31)), { small = 1 / 3, middle = 1 / 3, large = 1 / 3 })
    same(stages(50, view(50)), { small = 1 / 3, middle = 1 / 3, large = 1 / 3 })
    same(stages(51, view(51)), { small = 1, large = 0 })
    same(stages(76, view(76)), { small = 26, large = 0.5 })
    local pacing = c.staged { { 0.5, c.round_robin() }, { 0.5, c.easy_to_hard() } }
    local losses = { task_loss_averages = { small = 1, middle = 2, large = 3 } }
    assert(drawn(pacing, 51, losses) == "small")
    assert(drawn(pacing, 76, losses) == "large middle small")
    assert(c.staged { { 1, function() end } }(1, view(1)) == nil)
  end,

  ["round_robin rotates the tasks"] = function()
    local turns = c.round_robin()
    for step, name in ipairs { "large", "middle", "small", "large" } do
      assert(drawn(turns, step) == name, step)
    end
    turns = c.round_robin { every = 2, tasks = { "small", "large" } }
    for step, name in ipairs { "small", "small", "large", "large", "small" } do
      assert(drawn(turns, step) == name, step)
    end
    same(turns(1, view(1)), { small = 1 })
  end,

  ["a curriculum prints as it was written"] = function()
    assert(tostring(c.equal()) == "equal()")
    assert(tostring(c.proportional()) == "proportional()")
    assert(tostring(c.proportional { limit = 10 }) == "proportional { limit = 10 }")
    assert(tostring(c.temperature_sampled(s.linear(1, 3), { limit = 10 }))
      == "temperature_sampled(linear(1, 3), { limit = 10 })")
    assert(tostring(c.easy_to_hard { weights = c.equal(), start = 0.5 })
      == "easy_to_hard { start = 0.5, weights = equal() }")
    assert(tostring(c.staged { { 0.3, { ["a b"] = 2, nli = s.linear(0, 1) } }, { 0.7, c.equal() } })
      == 'staged { { 0.3, { ["a b"] = 2, nli = linear(0, 1) } }, { 0.7, equal() } }')
    local turns = c.round_robin { tasks = { "b", "a" } }
    assert(tostring(turns) == 'round_robin { tasks = { "b", "a" } }')
    assert(tostring(c.staged { { 1, print } }) == "staged { { 1, function } }")
  end,

  ["errors of wrong arguments point to the caller"] = function()
    for text, call in pairs {
      ["curriculum.proportional: limit must be a number, 1 or more, got 0"] =
        function() c.proportional { limit = 0 } end,
      ["curriculum.proportional: unknown option 'limt'; known: limit"] =
        function() c.proportional { limt = 1 } end,
      ["temperature_sampled: the temperature must be a number above 0, got nil"] =
        function() c.temperature_sampled() end,
      ["curriculum.temperature_sampled: the temperature must be a number above 0, got -1"] =
        function() local _ = c.temperature_sampled(s.constant(-1))(1, view(1)) end,
      ["start must be a share in [0, 1], got 2"] = function() c.easy_to_hard { start = 2 } end,
      ["all_by must be a share above 0, up to 1, got 0"] =
        function() c.easy_to_hard { all_by = 0 } end,
      ["unknown option 'until'; known: start, all_by, reverse, weights"] =
        function() c.easy_to_hard { ["until"] = 1 } end,
      ["easy_to_hard: expected weights by task or a curriculum, got \"x\""] =
        function() c.easy_to_hard { weights = "x" } end,
      ["easy_to_hard: the weight of nli must be a number, 0 or more, got -1"] =
        function() c.easy_to_hard { weights = { nli = -1 } } end,
      ["staged: expected a list, got {}"] = function() c.staged {} end,
      ["staged: the shares must sum to 1, not to 0.5"] =
        function() c.staged { { 0.5, c.equal() } } end,
      ["staged: expected weights by task or a curriculum, got 3"] =
        function() c.staged { { 1, 3 } } end,
      ["staged: expected weights by task or a curriculum, got {}"] =
        function() c.staged { { 1, {} } } end,
      ["staged: a task must be a name, got 1"] = function() c.staged { { 1, { 5 } } } end,
      ["staged: the weight of nli must be a number, 0 or more, got \"x\""] =
        function() c.staged { { 1, { nli = "x" } } } end,
      ["every must be a whole number, 1 or more, got 0.5"] =
        function() c.round_robin { every = 0.5 } end,
      ["tasks must be a list of names, got {}"] = function() c.round_robin { tasks = {} } end,
      ["a curriculum is called with (step, view)"] = function() local _ = c.equal()(1) end,
    } do
      refused(call, text)
      refused(call, "curriculum_test.lua:")
    end
  end,
}
