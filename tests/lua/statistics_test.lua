--- Comparison with SciPy, statsmodels and numpy (tests/golden/statistics.py).
local compt = require "compt"

local golden = dofile "tests/golden/statistics.lua"

local function near(found, wanted, what)
  assert(math.abs(found - wanted) <= 1e-10 * math.max(1, math.abs(wanted)), ("%s: %.17g, not %.17g"):format(what, found, wanted))
end

return {
  ["paired tests equal those of SciPy"] = function()
    for _, case in ipairs(golden.tests) do
      local t, p = compt.statistics.paired_t(case.x, case.y)
      near(t, case.t, "t")
      near(p, case.p, "p")
      assert(p >= 0 and math.abs(p / case.p - 1) < 1e-8, "p as a share")
      near(compt.statistics.mean(case.x), case.mean, "mean")
      near(compt.statistics.sd(case.x), case.sd, "sd")
    end
    local t, p = compt.statistics.paired_t({ 1, 2 }, { 1, 2 })
    assert(t == 0 and p == 1)
  end,

  ["Holm's correction steps down"] = function()
    for _, case in ipairs(golden.holm) do
      for i, p in ipairs(compt.statistics.holm(case.p)) do near(p, case.holm[i], "holm") end
    end
  end,

  ["one-way ANOVA is SciPy's"] = function()
    for _, case in ipairs(golden.anova) do
      local f, p, between, within = compt.statistics.anova(case.groups)
      near(f, case.f, "F")
      near(p, case.p, "p")
      local values = 0
      for _, group in ipairs(case.groups) do values = values + #group end
      assert(between == #case.groups - 1 and within == values - #case.groups)
    end
    assert(compt.statistics.anova { { 1, 2 } } == nil)
    assert(compt.statistics.anova { { 1 }, { 2 } } == nil)
  end,

  ["sign-flip tests are exact, whole numbers or not"] = function()
    for _, case in ipairs(golden.sign_flip) do
      local p, exact = compt.statistics.sign_flip(case.d)
      near(p, case.p, "sign flip")
      assert(exact)
    end
    assert(compt.statistics.sign_flip { 0, 0 } == 1)
  end,

  ["a sign-flip test of many uneven differences is sampled, with a seed"] = function()
    local d = golden.tests[4] --[[@as table]]
    local differences = {}
    for i, x in ipairs(d.x) do differences[i] = x - d.y[i] end
    local p, exact = compt.statistics.sign_flip(differences, { rounds = 4000, seed = 3 })
    assert(not exact and p == compt.statistics.sign_flip(differences, { rounds = 4000, seed = 3 }))
    assert(p ~= compt.statistics.sign_flip(differences, { rounds = 4000, seed = 4 }))
    -- Student's t with 23 degrees of freedom is near; four deviations of 4,000 draws are 0.03.
    assert(math.abs(p - d.p) < 0.04, p)
    local far = {}
    for i = 1, 30 do far[i] = 1 + i / 7.3 end
    assert(compt.statistics.sign_flip(far, { rounds = 99 }) == 0.01, "never 0")
  end,

  ["sums of thousands of differences are normal"] = function()
    for _, case in ipairs(golden.many) do
      local differences = {}
      for i = 1, case.count do differences[i] = (i <= case.first and 1 or -1) * (1 + (i - 1) % 3) end
      local p, exact = compt.statistics.sign_flip(differences)
      assert(not exact and math.abs(p / case.p - 1) < 0.01, ("%.9g, not %.9g"):format(p, case.p))
    end
  end,

  ["McNemar's test is that of statsmodels"] = function()
    for _, case in ipairs(golden.mcnemar) do
      near(compt.statistics.mcnemar(case.first, case.second), case.p, "mcnemar")
      local differences = {}
      for i = 1, case.first + case.second do differences[i] = i <= case.first and 100 or -100 end
      if #differences > 0 then near(compt.statistics.sign_flip(differences), case.p, "the sign-flip test of its rows") end
    end
  end,

  ["rank correlations are SciPy's"] = function()
    for _, case in ipairs(golden.spearman) do
      local rho, p = compt.statistics.spearman(case.x, case.y)
      near(assert(rho), case.rho, "rho")
      near(assert(p), case.p, "p")
    end
    local rho, p, why = compt.statistics.spearman({ 1, 2, 3 }, { 10, 20, 40 })
    assert(rho == 1 and p == nil and why:find "perfect", why)
    rho, p, why = compt.statistics.spearman({ 1, 2, 3 }, { 5, 5, 5 })
    assert(rho == nil and p == nil and why:find "no order", why)
  end,

  ["bootstrap intervals are near SciPy's and follow their seed"] = function()
    for _, case in ipairs(golden.bootstrap) do
      local low, high = compt.statistics.bootstrap(case.x)
      assert(math.abs(low - case.low) < case.error and math.abs(high - case.high) < case.error, low .. " to " .. high)
      assert(low == compt.statistics.bootstrap(case.x) and low ~= compt.statistics.bootstrap(case.x, { seed = 2 }))
      local inner, upper = compt.statistics.bootstrap(case.x, { level = 0.5 })
      assert(low < inner and upper < high)
    end
  end,

  ["a bootstrap draws rows for all runs, or runs with all their rows, or both"] = function()
    local rows, runs = { { 0, 2, 4, 6 }, { 0, 2, 4, 6 } }, { { 1, 1, 1 }, { 5, 5, 5 } }
    local low, high = compt.statistics.bootstrap(rows, { over = "runs" })
    assert(low == 3 and high == 3, "runs with equal means")
    low, high = compt.statistics.bootstrap(rows, { over = "rows" })
    local same_low, same_high = compt.statistics.bootstrap({ 0, 2, 4, 6 })
    assert(low == same_low and high == same_high, "rows are drawn for both runs alike")
    low, high = compt.statistics.bootstrap(runs, { over = "rows" })
    assert(low == 3 and high == 3)
    low, high = compt.statistics.bootstrap(runs, { over = "both" })
    assert(low == 1 and high == 5)
    assert(not pcall(compt.statistics.bootstrap, { { 1, 2 }, { 1 } }))
    assert(not pcall(compt.statistics.bootstrap, { 1, "2" }))
  end,

  ["rows and runs as samples have the mean squares of two-way random effects"] = function()
    for _, case in ipairs(golden.crossed) do
      local found = compt.statistics.crossed(case.runs)
      for _, name in ipairs { "effect", "error", "of_runs", "of_rows", "p", "low", "high" } do near(found[name], case[name], name) end
      local wide = compt.statistics.crossed(case.runs, { level = 0.99 })
      assert(wide.low < found.low and wide.p == found.p)
    end
    assert(not pcall(compt.statistics.crossed, { { 1, 2 }, { 1 } }))
  end,

  ["runs with equal scores are not runs without variance"] = function()
    local found = compt.statistics.crossed { { 1, 1, 0, 0, 0, 0 }, { 0, 0, 1, 1, 0, 0 }, { 0, 0, 0, 0, 1, 1 } }
    assert(found.p > 0.05 and found.error > 0.1, found.p)
  end,

  ["differences without variance have no p"] = function()
    local t, p, why = compt.statistics.paired_t({ 0.3, 0.4, 0.5 }, { 0.1, 0.2, 0.3 })
    assert(t == nil and p == nil and why == "all 3 differences are 0.2, so they have no variance to compare with", why)
    local f, reason = compt.statistics.anova { { 1, 1 }, { 2, 2 } }
    assert(f == nil and reason:find "no variance", reason)
    f, p = compt.statistics.anova { { 1, 1 }, { 1, 1 } }
    assert(f == 0 and p == 1)
    local found = compt.statistics.crossed { { 1, 1 }, { 1, 1 } }
    assert(found.p == nil and found.effect == 1 and found.low == 1)
    assert(compt.statistics.crossed({ { 0, 0 }, { 0, 0 } }).p == 1)
  end,

  ["lists of different length are refused"] = function()
    assert(not pcall(compt.statistics.paired_t, { 1, 2 }, { 1 }))
    assert(not pcall(compt.statistics.paired_t, { 1 }, { 1 }))
    assert(not pcall(compt.statistics.mean, {}))
  end,
}
