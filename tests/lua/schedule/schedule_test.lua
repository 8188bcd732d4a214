local s = require "compt.schedule"
local golden = dofile "tests/lua/schedule/golden.lua"

local function at(schedule, step, total) return schedule(step, { total_steps = total }) end

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
      local text, total, values = table.unpack(case)
      local schedule = load("return " .. text, text, "t", { s = s })()
      for step, value in ipairs(values) do close(at(schedule, step, total), value) end
    end
  end,

  ["the first and the last value are exact"] = function()
    for _, name in ipairs { "linear", "cosine", "exponential" } do
      local schedule = s[name](5, 0.001)
      assert(at(schedule, 1, 77) == 5 and at(schedule, 77, 77) == 0.001, name)
      assert(at(schedule, 1, 1) == 5, name)
    end
  end,

  ["piecewise joins its points and is level outside"] = function()
    local p = s.piecewise { { 2, 1 }, { 4, 3 }, { 8, 1 } }
    for step, value in ipairs { 1, 1, 2, 3, 2.5, 2, 1.5, 1, 1 } do close(at(p, step, 9), value) end
  end,

  ["chain gives each part its share of the steps"] = function()
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

  ["a schedule prints as it was written"] = function()
    assert(tostring(s.linear(5, 0.001)) == "linear(5, 0.001)")
    assert(tostring(s.warmup_linear(0.1, { warmup = 0.2 })) == "warmup_linear(0.1, { warmup = 0.2 })")
    assert(tostring(s.clip(s.scale(s.cosine(1, 0), 2), 0, 1))
      == "clip(scale(cosine(1, 0), constant(2)), 0, 1)")
    assert(tostring(s.piecewise { { 1, 0.1 }, { 9, 0 } }) == "piecewise { { 1, 0.1 }, { 9, 0 } }")
    assert(tostring(s.chain { { 1, s.step(1, 2) } }) == "chain { { 1, step(1, 2, 0.1) } }")
  end,

  ["wrong arguments are errors"] = function()
    refused(function() s.linear(1) end, "schedule.linear: to must be a number, got nil")
    refused(function() s.linear(0 / 0, 1) end, "from must be a number")
    refused(function() s.exponential(1, 0) end, "schedule.exponential: to must be a number above 0, got 0")
    refused(function() s.warmup_linear(1, { warmpu = 1 }) end, "unknown option 'warmpu'")
    refused(function() s.warmup_cosine(1, { warmup = 2 }) end, "in [0, 1]")
    refused(function() s.piecewise { { 2, 1 }, { 1, 1 } } end, "the steps must rise")
    refused(function() s.chain { { 0.5, s.constant(1) } } end, "must sum to 1, not to 0.5")
    refused(function() s.scale("x", 1) end, "expected a schedule or a number, got a string")
    refused(function() s.clip(1, 2, 1) end, "low is above high")
    refused(function() s.linear(0, 1)(1) end, "called with (step, view)")
  end,

  ["an error points at the caller"] = function()
    local ok, message = pcall(function() s.warmup_linear(1, { warmup = "x" }) end)
    assert(not ok and message:find("schedule_test.lua", 1, true), message)
  end,
}
