--- Comparison with SciPy (tests/golden/statistics.py).
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

  ["lists of different length are refused"] = function()
    assert(not pcall(compt.statistics.paired_t, { 1, 2 }, { 1 }))
    assert(not pcall(compt.statistics.paired_t, { 1 }, { 1 }))
    assert(not pcall(compt.statistics.mean, {}))
  end,
}
