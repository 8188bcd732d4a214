local small = require "tests.lua.small"
local plan, rungs = require "compt.search.plan", require "compt.search.rungs"
local tests = {}

local function of(changes)
  local o = {
    space = { lr = { low = 1e-3, high = 1, log = true } }, settings = {}, budget = 8, scheduler = "halving",
    objective = "average", goal = "highest", seed = 0,
  }
  for name, value in pairs(changes) do o[name] = value end
  if changes.budget == false then o.budget = nil end
  return plan.of("compt.search", o)
end

local function refused(text, changes) small.refused(text, of, changes) end

function tests.the_budget_pays_for_the_training()
  -- n / 9 + n / 3 * 2 / 9 + n / 9 * 2 / 3, with whole numbers of trials.
  assert(math.abs(rungs.cost(27, rungs.shares(3, 3), 3) - 7) < 1e-12)
  local p = of {}
  assert(#p.shares == 3 and #p.trials == 32 and p.reduction == 3)
  assert(rungs.cost(32, p.shares, 3) <= 8 and rungs.cost(33, p.shares, 3) > 8)
  for budget = 1, 40, 0.37 do
    local q = of { budget = budget }
    assert(rungs.cost(#q.trials, q.shares, 3) <= budget + 1e-9, budget)
    assert(#q.trials >= 3 ^ (#q.shares - 1), "a trial comes to the last rung")
  end
end

function tests.a_small_budget_has_fewer_rungs()
  assert(#of({ budget = 1 }).trials == 1 and #of({ budget = 1 }).shares == 1)
  assert(#of({ budget = 2 }).shares == 2 and #of({ budget = 2 }).trials == 4)
  assert(#of({ budget = 2.4 }).shares == 3)
  refused("budget = 2 does not pay for 3 rungs: the 9 trials of which one is made in full cost 2.333 full runs", { budget = 2, rungs = 3 })
  assert(#of({ budget = 4, rungs = 3, reduction = 2 }).shares == 3)
end

function tests.a_small_space_has_fewer_rungs()
  local p = of { space = { n = { 1, 2, 3, 4 } } }
  assert(#p.trials == 4 and #p.shares == 2 and p.shares[1] == 1 / 3)
end

function tests.random_and_grid_have_one_rung()
  local p = of { scheduler = "random", budget = 5.9 }
  assert(#p.trials == 5 and #p.shares == 1 and p.shares[1] == 1)
  local grid = { a = { 1, 2 }, b = { "x", "y", "z" } }
  assert(#of({ scheduler = "grid", space = grid, budget = false }).trials == 6)
  assert(#of({ scheduler = "grid", space = grid, budget = 6 }).trials == 6)
  refused("the grid has 6 points, and budget = 5.5 pays for 5 full runs", { scheduler = "grid", space = grid, budget = 5.5 })
  refused("space.lr must be a list, not a range", { scheduler = "grid" })
  refused("rungs = 2 belongs to scheduler", { scheduler = "random", rungs = 2 })
end

function tests.impossible_options_are_refused()
  refused("budget must be a number, got nil", { budget = false })
  refused("budget = 0.5: the budget is a number of full runs, and must pay for at least 1", { budget = 0.5 })
  refused("budget must be a number, got \"8\"", { budget = "8" })
  refused("unknown scheduler 'halvin'", { scheduler = "halvin" })
  refused("'halving'", { scheduler = "halvin" })
  refused("settings.budget is the share", { settings = { budget = 1 } })
end

--- Results from values; false is a failed trial.
local function results(values)
  local list = {}
  for i, value in ipairs(values) do list[i] = { value = value or nil } end
  return list
end

local function equal(a, b) return table.concat(a, " ") == b end

function tests.halving_keeps_the_best_of_all()
  assert(equal(rungs.halving(results { 1, 9, 3, 7, 5, 8, 2, 6 }, 3, false), "2 6"))
  assert(equal(rungs.halving(results { 1, 9, 3, 7, 5, 8, 2, 6 }, 3, true), "1 7"))
  assert(equal(rungs.halving(results { 4, 4, 4 }, 3, false), "1"), "of equal ones the earlier")
  assert(equal(rungs.halving(results { false, false, false, 1, false, false }, 3, false), "4"), "failed ones do not go on")
end

--- ASHA of one worker (Li et al. 2020, algorithm 2): the jobs one after another, from the promotions of the highest rung.
local function by_one_worker(values, reduction, top)
  local at = {} ---@type integer[][]
  for rung = 1, top do at[rung] = {} end
  local promoted, next_trial = {}, 1
  while true do
    local job
    for rung = top - 1, 1, -1 do
      local order = table.move(at[rung], 1, #at[rung], 1, {})
      table.sort(order, function(a, b) return values[rung][a] > values[rung][b] end)
      for place = 1, #order // reduction do
        local trial = order[place]
        if not job and not promoted[rung .. " " .. trial] then
          promoted[rung .. " " .. trial], job = true, { trial, rung + 1 }
        end
      end
    end
    if not job and values[1][next_trial] then job, next_trial = { next_trial, 1 }, next_trial + 1 end
    if not job then return at end
    table.insert(at[job[2]], job[1])
  end
end

function tests.asha_makes_the_trials_of_asha_with_one_worker()
  local generator = require("compt.micro.random").new(5)
  for count = 1, 60 do
    local values = {}
    for rung = 1, 3 do
      values[rung] = {}
      for i = 1, count do values[rung][i] = generator:uniform() end
    end
    local at = by_one_worker(values, 3, 3)
    local trials = {}
    for i = 1, count do trials[i] = i end
    for rung = 1, 2 do
      local here = {}
      for i, trial in ipairs(trials) do here[i] = { value = values[rung][trial] } end
      local on = {}
      for i, place in ipairs(rungs.asha(here, 3, false)) do on[i] = trials[place] end
      assert(equal(on, table.concat(at[rung + 1], " ")), count)
      -- What goes on after the first results is the beginning of what goes on after all.
      local some = rungs.asha(table.move(here, 1, #here // 2, 1, {}), 3, false)
      for i, place in ipairs(some) do assert(trials[place] == on[i]) end
      trials = on
    end
  end
end

return tests
