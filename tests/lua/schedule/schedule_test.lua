local s = require "compt.schedule"
local golden = dofile "tests/lua/schedule/golden.lua"

local function at(schedule, step, total) return schedule(step, { total_steps = total }) end

--- The view when the first `count` metrics are known: losses, or scores.
local function view(total, metrics, count, scores)
  local known, seen = table.move(metrics or {}, 1, count, 1, {}), { total_steps = total }
  if not scores then
    seen.epoch_losses = known
    return seen
  end
  seen.evaluations = {}
  for i, score in ipairs(known) do seen.evaluations[i] = { step = i, average = score } end
  return seen
end

local function close(a, b)
  assert(math.abs(a - b) <= 1e-12 * math.max(1, math.abs(b)), ("%.17g is not %.17g"):format(a, b))
end

local function refused(f, text)
  local ok, message = pcall(f)
  assert(not ok and tostring(message):find(text, 1, true), tostring(message))
end

return {
  ["the values are those of transformers and torch"] = function()
    for _, case in ipairs(golden) do
      local text, total, values, metrics = table.unpack(case)
      local schedule = load("return " .. text, text, "t", { s = s })()
      for step, value in ipairs(values) do
        close(schedule(step, view(total, metrics, step - 1, text:find('metric = "score"'))), value)
      end
    end
  end,

  ["the printed text of a schedule creates the same schedule"] = function()
    for _, case in ipairs(golden) do
      local text = tostring(load("return " .. case[1], "", "t", { s = s })())
      local again = load("return s." .. text, text, "t", { s = s })()
      assert(tostring(again) == text, text)
      local values = case[4] and {} or case[3]
      for step, value in ipairs(values) do close(at(again, step, case[2]), value) end
    end
  end,

  ["the first and the last value are exact"] = function()
    for _, name in ipairs { "linear", "cosine", "exponential" } do
      local schedule = s[name](5, 0.001)
      assert(at(schedule, 1, 77) == 5 and at(schedule, 77, 77) == 0.001, name)
      assert(at(schedule, 1, 1) == 5, name)
    end
  end,

  ["piecewise interpolates between its points and is constant outside"] = function()
    local p = s.piecewise { { 2, 1 }, { 4, 3 }, { 8, 1 } }
    for step, value in ipairs { 1, 1, 2, 3, 2.5, 2, 1.5, 1, 1 } do close(at(p, step, 9), value) end
  end,

  ["each part of a chain has its share of the steps"] = function()
    local c = s.chain { { 0.4, s.linear(0, 3) }, { 0.6, s.linear(3, 1) } }
    local expected = { 0, 1, 2, 3, 3, 2.6, 2.2, 1.8, 1.4, 1 }
    for step, value in ipairs(expected) do close(at(c, step, 10), value) end
  end,

  ["scale and clip wrap a schedule"] = function()
    close(at(s.scale(s.linear(0, 4), 0.5), 3, 5), 1)
    close(at(s.scale(s.linear(0, 4), s.linear(1, 0)), 3, 5), 1)
    close(at(s.clip(s.linear(0, 4), 1, 3), 1, 5), 1)
    close(at(s.clip(s.linear(0, 4), 1, 3), 5, 5), 3)
    close(at(s.constant(7), 3, 5), 7)
  end,

  ["one_cycle reaches its peak even if the rise has only one step"] = function()
    local c = s.one_cycle(1, { pct_start = 0.1, anneal = "linear", final_div_factor = 4 })
    for step, value in ipairs { 1, 0.89, 0.78 } do close(at(c, step, 10), value) end
    close(at(c, 10, 10), 0.01)
    close(at(c, 11, 10), 0.01)
    close(at(c, 1, 1), 0.01)
  end,

  ["cyclic rises for 100 steps and falls for as many"] = function()
    local c = s.cyclic(0, 1)
    local expected = { [1] = 0, [26] = 0.25, [101] = 1, [151] = 0.5, [201] = 0, [301] = 1 }
    for step, value in pairs(expected) do close(at(c, step, 1000), value) end
  end,

  ["warmup rises to the first value of the schedule, which has the other steps"] = function()
    local w = s.warmup(s.linear(4, 0), { warmup = 0.4 })
    for step, value in ipairs { 0, 1, 2, 3, 4, 3.2, 2.4, 1.6, 0.8, 0 } do
      close(at(w, step, 10), value)
    end
    for step, value in ipairs { 0, 1, 2, 3 } do
      close(at(s.warmup(s.linear(4, 0), { warmup = 1 }), step, 4), value)
    end
    for step = 1, 5 do close(at(s.warmup(3, { warmup = 0 }), step, 5), 3) end
  end,

  ["on_plateau works inside other schedules"] = function()
    local p = s.on_plateau(8, { factor = 0.5, patience = 0 })
    local seen = { total_steps = 10, epoch_losses = { 3, 3, 3, 1 } }
    close(p(9, seen), 2)
    close(s.scale(0.5, p)(9, seen), 1)
    close(s.clip(p, 3, 9)(9, seen), 3)
    close(s.chain { { 0.5, 1 }, { 0.5, p } }(9, seen), 2)
    close(s.warmup(p, { warmup = 0.4 })(2, seen), 0.5)
    close(s.warmup(p, { warmup = 0.4 })(9, seen), 2)
  end,

  ["on_plateau has no state and needs no history"] = function()
    local p = s.on_plateau(8, { factor = 0.5, patience = 0 })
    local later, earlier = view(10, { 3, 3, 3 }, 3), view(10, { 3, 3, 3 }, 2)
    for _ = 1, 2 do
      close(p(4, later), 2)
      close(p(3, earlier), 4)
    end
    close(at(p, 5, 10), 8)
    close(at(s.on_plateau(8, { metric = "score" }), 5, 10), 8)
  end,

  ["on_plateau expects scores to rise and losses to fall"] = function()
    local rising = { 10, 20, 30, 40 }
    local options = { factor = 0.5, patience = 1, metric = "score" }
    close(s.on_plateau(8, options)(5, view(10, rising, 4, true)), 8)
    options.metric = "loss"
    close(s.on_plateau(8, options)(5, view(10, rising, 4)), 4)
    options.mode = "max"
    close(s.on_plateau(8, options)(5, view(10, rising, 4)), 8)
  end,

  ["on_plateau ignores small improvements"] = function()
    local function reductions(options, metrics)
      options.factor, options.patience = 0.5, 0
      return -math.log(s.on_plateau(1, options)(9, view(9, metrics, #metrics)), 2)
    end
    local rising, falling = { 100, 104, 106, 107 }, { 100, 96, 94, 93 }
    close(reductions({ mode = "max", threshold = 0.05 }, rising), 2)
    close(reductions({ mode = "max", threshold = 0.5, threshold_mode = "abs" }, rising), 0)
    close(reductions({ mode = "max", threshold = 4, threshold_mode = "abs" }, rising), 2)
    close(reductions({ threshold = 0.05 }, falling), 2)
    close(reductions({ threshold = 0.5, threshold_mode = "abs" }, falling), 0)
    close(reductions({ threshold = 4, threshold_mode = "abs" }, falling), 2)
  end,

  ["a schedule prints as it was written"] = function()
    assert(tostring(s.one_cycle(0.1)) == "one_cycle(0.1)")
    assert(tostring(s.cyclic(0, 1, { up = 5, mode = "triangular2" }))
      == 'cyclic(0, 1, { mode = "triangular2", up = 5 })')
    assert(tostring(s.one_cycle(1, { three_phase = false }))
      == "one_cycle(1, { three_phase = false })")
    assert(tostring(s.warmup(s.on_plateau(1, { min = 0.1 }), { warmup = 0.5 }))
      == "warmup(on_plateau(1, { min = 0.1 }), { warmup = 0.5 })")
    assert(tostring(s.linear(5, 0.001)) == "linear(5, 0.001)")
    assert(tostring(s.warmup_linear(1, { warmup = 0.2 })) == "warmup_linear(1, { warmup = 0.2 })")
    assert(tostring(s.clip(s.scale(s.cosine(1, 0), 2), 0, 1))
      == "clip(scale(cosine(1, 0), constant(2)), 0, 1)")
    assert(tostring(s.piecewise { { 1, 0.1 }, { 9, 0 } }) == "piecewise { { 1, 0.1 }, { 9, 0 } }")
    assert(tostring(s.chain { { 1, s.step(1, 2) } }) == "chain { { 1, step(1, 2, 0.1) } }")
  end,

  ["wrong arguments are errors"] = function()
    refused(function() s.linear(1) end, "schedule.linear: to must be a number, got nil")
    refused(function() s.linear(0 / 0, 1) end, "from must be a number")
    refused(function() s.exponential(1, 0) end, "to must be a number above 0, got 0")
    refused(function() s.warmup_linear(1, { warmpu = 1 }) end, "unknown option 'warmpu'")
    refused(function() s.warmup_cosine(1, { warmup = 2 }) end, "in [0, 1]")
    refused(function() s.piecewise { { 2, 1 }, { 1, 1 } } end, "the steps must rise")
    refused(function() s.chain { { 0.5, s.constant(1) } } end, "must sum to 1, not to 0.5")
    refused(function() s.scale("x", 1) end, "expected a schedule or a number, got a string")
    refused(function() s.clip(1, 2, 1) end, "low is above high")
    refused(function() s.linear(0, 1)(1) end, "called with (step, view)")
    refused(function() s.warmup(1) end, "warmup must be a share in [0, 1], got nil")
    refused(function() s.one_cycle("x") end, 'the peak must be a number, got "x"')
    refused(function() s.one_cycle(1, { anneal = "cos" }) end, '"cosine" or "linear", got "cos"')
    refused(function() s.one_cycle(1, { three_phase = 3 }) end, "must be true or false, got 3")
    refused(function() s.one_cycle(1, { pct = 1 }) end,
      "known: pct_start, anneal, div_factor, final_div_factor, three_phase")
    refused(function() s.one_cycle(1, 0.3) end, "expected a table of options, got 0.3")
    refused(function() s.cyclic(0) end, "schedule.cyclic: high must be a number, got nil")
    refused(function() s.cyclic(0, 1, { up = 0 }) end, "a whole number, 1 or more, got 0")
    refused(function() s.cyclic(0, 1, { up = 1.5 }) end, "up must be a whole number")
    refused(function() s.on_plateau(1, { factor = 1 }) end, "a number above 0 and below 1, got 1")
    refused(function() s.on_plateau(1, { patience = -1 }) end, "patience must be a whole number")
    refused(function() s.on_plateau(1, { mode = "lower" }) end, '"min" or "max", got "lower"')
    refused(function() s.chain { { 2, s.constant(1) }, { -1, 1 } } end, "a number above 0, got -1")
    refused(function() s.chain { 1 } end, "schedule.chain: expected a list, got 1")
  end,

  ["errors point to the caller"] = function()
    for _, call in ipairs {
      function() s.linear("x") end,
      function() s.warmup_linear("x") end,
      function() s.warmup_linear(1, { warmup = "x" }) end,
      function() s.warmup_linear(1, { warmpu = 1 }) end,
      function() s.warmup("x") end,
      function() s.warmup(1) end,
      function() s.one_cycle(1, { pct_start = 3 }) end,
      function() s.one_cycle(1, 2) end,
      function() s.on_plateau(1, { min = "x" }) end,
      function() s.piecewise { 1 } end,
      function() s.piecewise {} end,
      function() s.piecewise { { 2, 1 }, { 1, 1 } } end,
      function() s.chain(1) end,
      function() s.chain { 1 } end,
      function() s.chain { { 0, 1 } } end,
      function() s.chain { { 1, "x" } } end,
      function() s.chain { { 0.5, 1 } } end,
      function() s.clip(1, 2, 1) end,
    } do
      local ok, message = pcall(call)
      assert(not ok and message:find("schedule_test%.lua:%d+: schedule%."), message)
    end
  end,
}
