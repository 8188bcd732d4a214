--- How often tables of methods that do not differ have a mark, and how often a difference is marked.
---
--- COMPT_TABLES is the number of tables of each condition (20; `make endurance` takes 1,000, with more rows and tasks).
--- The share of tables with a mark is held at 6 % in each condition, and over all of them together: a test fails if a rule
--- whose share is 6 % would have that many marks in less than one of 10,000 series.
local tables = require "tests.lua.analysis.tables"

local COUNT = tonumber(os.getenv "COMPT_TABLES") or 20
local LONG = COUNT > 20
local SEED, NOMINAL, BOUND = 11, 0.06, 1e-4

--- The share of series of `count` tables with `marks` marks or more, if one table has a mark with probability NOMINAL.
local function chance(marks, count)
  local share, p = (1 - NOMINAL) ^ count, 0.0
  for k = 0, marks - 1 do
    p = p + share
    share = share * (count - k) / (k + 1) * NOMINAL / (1 - NOMINAL)
  end
  return 1 - p
end

---@param c tables.Condition
local function shown(c, rates)
  print(("%2d seeds, %3d rows, %d tasks, seed part %.1f, alike %.0f, task part %.1f, %s%s%s%s: tables %.3f, tasks %.3f, averages %.3f, intervals %.3f"):format(
    c.seeds, c.rows, c.tasks, c.of_seed, c.alike, c.of_task or 0, c.claim or "these tasks", c.f1 and ", F1" or "",
    c.hidden and ", no answers" or "", c.effect and ", effect" or "", rates.marked, rates.single, rates.averages, rates.covered))
end

--- Holds the share of tables with a mark in each condition and in all.
---@param conditions tables.Condition[]
local function held(conditions)
  local marks, narrow = 0, {}
  for k, c in ipairs(conditions) do
    local rates = tables.rates(c, COUNT, SEED + k)
    if LONG then shown(c, rates) end
    marks = marks + rates.marks
    if chance(rates.marks, COUNT) < BOUND then narrow[#narrow + 1] = ("condition %d: %d marks"):format(k, rates.marks) end
  end
  assert(#narrow == 0, table.concat(narrow, "; "))
  local count = COUNT * #conditions
  -- By the normal distribution, as the powers of `chance` are too small for many tables.
  local most = NOMINAL * count + 3.72 * (NOMINAL * (1 - NOMINAL) * count) ^ 0.5
  assert(marks <= most, ("%d marks in %d tables"):format(marks, count))
end

--- All combinations of seeds, rows, parts of the seed and likeness of answers, with further fields.
---@param more table<string, any>
---@param change? table<string, any[]>
---@return tables.Condition[]
local function combined(more, change)
  local given, list = change or {}, {}
  for _, seeds in ipairs(given.seeds or { 3, 5, 10 }) do
    for _, rows in ipairs(given.rows or (LONG and { 50, 100, 400 } or { 50, 100 })) do
      for _, of_seed in ipairs(given.of_seed or { 0, 0.5 }) do
        for _, alike in ipairs(given.alike or (LONG and { 0, 1, 5 } or { 0, 5 })) do
          local c = { seeds = seeds, rows = rows, of_seed = of_seed, alike = alike }
          for name, value in pairs(more) do c[name] = value end
          list[#list + 1] = c
        end
      end
    end
  end
  return list
end

return {
  ["tables of equal methods seldom have a mark"] = function()
    held(combined { tasks = LONG and 4 or 2, methods = LONG and 4 or 3 })
  end,

  ["nor have large tables"] = function()
    held(combined({ tasks = 8, methods = LONG and 9 or 4 }, { seeds = LONG and { 3, 10 } or { 3 }, rows = { 50 } }))
  end,

  ["nor has a metric that is no mean over rows"] = function()
    held(combined({ tasks = 2, methods = 3, f1 = true }, { rows = { LONG and 100 or 50 }, seeds = LONG and { 1, 3, 10 } or { 3 }, of_seed = { 0 } }))
  end,

  ["nor have tasks as a sample"] = function()
    held(combined({ tasks = 8, methods = 3, of_task = 0.5, claim = "tasks", average = true }, { rows = { 50 } }))
  end,

  ["nor have tables without answers, if rows are those of the claim"] = function()
    held(combined({ tasks = 2, methods = 3, hidden = true }, { rows = { 50 }, alike = { 0 } }))
  end,

  ["nor has one seed, if seeds do not differ"] = function()
    held(combined({ tasks = 2, methods = 3 }, { seeds = { 1 }, of_seed = { 0 } }))
  end,

  ["a difference is found"] = function()
    -- About 12 points at 70 %.
    local function found(c)
      local rates = tables.rates(c, LONG and 200 or 10, SEED)
      if LONG then shown(c, rates) end
      return rates
    end
    local effect = { tasks = 4, methods = 3, effect = 1 }
    for _, c in ipairs(combined(effect, LONG and {} or { seeds = { 5, 10 }, rows = { 100 }, of_seed = { 0 }, alike = { 1 } })) do
      local rates = found(c)
      if c.of_seed == 0 and c.alike <= 1 and c.rows >= 100 and c.seeds >= 5 then
        assert(rates.single > 0.5, ("%d seeds, %d rows: %.2f"):format(c.seeds, c.rows, rates.single))
        assert(c.seeds < 10 or rates.averages > 0.9, rates.averages)
      end
    end
    local sample = found { seeds = 3, rows = 100, tasks = 8, methods = 2, of_seed = 0, alike = 1, of_task = 0.5, effect = 1, claim = "tasks", average = true }
    assert(sample.averages > 0.3, sample.averages)
  end,

  ["the simulation shows what is wrong with paired t-tests over three seeds"] = function()
    local rate = tables.rate_of_t({ seeds = 3, rows = 50, tasks = 8, methods = 9, of_seed = 0, alike = 5 }, LONG and 500 or 30, SEED)
    if LONG then print(("paired t-tests: tables %.3f"):format(rate)) end
    assert(rate > 0.2, rate)
  end,

  ["nine marks in thirty tables are too many"] = function()
    assert(chance(8, 30) >= BOUND and chance(9, 30) < BOUND)
  end,
}
