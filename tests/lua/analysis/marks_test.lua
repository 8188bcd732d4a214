--- The rule that decides which differences of a table are tested, and how.
local compt = require "compt"
local cells = require "compt.analysis.cells"
local library = require "compt.library"
local significance = require "compt.analysis.significance"

local statistics = compt.statistics

local function near(a, b) return math.abs(a - b) < 1e-9 end

--- A run with answers: `right[task]` is a text of 1 and 0, one per row.
local function answered(method, seed, right, first)
  local run = { state = "finished", settings = { method = method, seed = seed }, scores = {}, metrics = {}, rows = {}, average = 0 }
  local tasks = 0
  for task, text in pairs(right) do
    local keys, values, sum = {}, {}, 0.0
    for i = 1, #text do
      keys[i], values[i] = i + (first or 0), text:sub(i, i) == "1" and 100.0 or 0.0
      sum = sum + values[i]
    end
    run.scores[task], run.metrics[task] = { accuracy = sum / #text }, { "accuracy" }
    run.rows[task] = { keys = keys, values = values }
    run.average, tasks = run.average + sum / #text, tasks + 1
  end
  run.average = run.average / tasks
  return run
end

--- The comparisons of the second method with the first, by task or "average".
local function tested(runs, claim)
  local grid = cells.grid(runs, { rows = { "method" }, columns = { "task" }, value = "average", tasks = true })
  local found = significance.against(grid, { 1, 1 }, {
    name = "old", claim = claim or "these tasks", rows = function(run, task) return run.rows[task] end,
  })
  local by_task = {}
  for j, key in ipairs(grid.columns) do by_task[key[1]] = found.at[2][j] end
  return by_task, table.concat(found.notes, "; ")
end

--- A grid whose cells return scores of some tasks.
local function scored(scores, seeds)
  return compt.ablate {
    name = "t", out = os.tmpname() .. "_grid", grid = { method = { "old", "new" }, seed = seeds },
    run = function(s)
      local found, sum, count = {}, 0.0, 0
      for task, score in pairs(scores(s)) do
        found[task], sum, count = { accuracy = score }, sum + score, count + 1
      end
      return { average = sum / count, scores = found }
    end,
  }
end

local function noted(t, text) assert(tostring(t):find(text, 1, true), tostring(t)) end

return {
  ["three seeds of scores allow no mark, and the footnote says why"] = function()
    local runs = scored(function(s) return { a = s.method == "old" and 50 + s.seed or 80 + s.seed } end, { 1, 2, 3 })
    local t = compt.report.table(runs, { rows = "method", columns = "task", baseline = "old" })
    local cell = t.cells[2][1]
    assert(cell.p == nil and cell.effect == 30 and cell.low == nil, "equal differences have no interval")
    noted(t, "no mark is possible in 2 comparisons with old: 3 seeds without recorded answers to the same test rows (6 are needed)")
    assert(not tostring(t):find("p < 0.05", 1, true), "no test, no family")
  end,

  ["six seeds of scores are tested exactly"] = function()
    local runs = scored(function(s) return { a = (s.method == "old" and 50 or 60) + s.seed ^ 2 % 7 } end, { 1, 2, 3, 4, 5, 6 })
    local t = compt.report.table(runs, { rows = "method", baseline = "old" })
    assert(near(t.cells[2][1].p, 2 / 64) and t.cells[2][1].test == "seeds", t.cells[2][1].p)
    noted(t, "62.3 ± 1.4*^")
    noted(t, "Holm over 1 test;")
    noted(t, "for these test rows")
  end,

  ["an average is tested over seed means, or over tasks if that is the claim"] = function()
    local gains = { a = 1, b = 5, c = 3, d = -1, e = 2, f = 4 }
    local runs = scored(function(s)
      local scores = {}
      for task, gain in pairs(gains) do scores[task] = 50 + (s.method == "new" and gain + s.seed or 0) end
      return scores
    end, { 1, 2, 3, 4, 5, 6 })
    local seeds = compt.report.table(runs, { rows = "method", columns = "task", baseline = "old" })
    local average = seeds.cells[2][7]
    assert(seeds.columns[7][1] == "average" and near(average.effect, 14 / 6 + 3.5) and average.test == "seed means")
    -- Seven tests, each with a p of 2/64 or more.
    assert(near(average.p, 7 * 2 / 64), average.p)
    noted(seeds, "averages, for these tasks: exact sign-flip over seed means (no p is below 0.031 before the correction: a mark needs more seeds)")
    local tasks = compt.report.table(runs, { rows = "method", baseline = "old", claim = "tasks" }).cells[2][1]
    local means = {}
    for _, gain in sorted_pairs(gains) do means[#means + 1] = gain + 3.5 end
    assert(tasks.test == "tasks" and tasks.p >= statistics.sign_flip(means) and tasks.p < 0.05, tasks.p)
    assert(tasks.low < average.low, "tasks vary more than seeds")
    noted(compt.report.table(runs, { rows = "method", baseline = "old", claim = "tasks" }), "sign-flip over task means (6, which are few)")
    local few = compt.report.table(scored(function(s) return { a = s.seed, b = s.method == "new" and 9 or 1 } end, { 1, 2, 3, 4, 5, 6 }),
      { rows = "method", baseline = "old", claim = "tasks" })
    assert(few.cells[2][1].p == nil)
    noted(few, "averages over 2 tasks as a sample (6 are needed)")
    assert(not pcall(compt.report.table, runs, { rows = "method", baseline = "old", claim = "all" }))
  end,

  ["answers of one seed are compared by McNemar's test"] = function()
    local found, notes = tested { answered("old", 1, { a = "1100000000001" }), answered("new", 1, { a = "1011111111101" }) }
    assert(near(found.a.p, 2 * statistics.mcnemar(9, 1)) and found.a.test == "answers", found.a.p)
    assert(near(found.a.effect, 800 / 13) and found.a.low < found.a.effect)
    assert(notes:find("nothing is said of other seeds", 1, true), notes)
  end,

  ["answers of several seeds are compared with rows and seeds as samples"] = function()
    local old = { "110000000000110", "110010000000110", "110000100000010" }
    local new = { "111111111110111", "011111111111111", "111101111111110" }
    local runs, differences, sums = {}, {}, {}
    for seed = 1, 3 do
      runs[#runs + 1] = answered("old", seed, { a = old[seed] })
      runs[#runs + 1] = answered("new", seed, { a = new[seed] })
      differences[seed] = {}
      for i = 1, 15 do
        differences[seed][i] = 100 * (tonumber(new[seed]:sub(i, i)) - tonumber(old[seed]:sub(i, i)))
        sums[i] = (sums[i] or 0) + differences[seed][i]
      end
    end
    local found = tested(runs)
    local crossed = statistics.crossed(differences)
    local p = math.max(crossed.p, (statistics.sign_flip(sums)))
    -- The average of one task is the task: two tests.
    assert(near(found.a.p, 2 * p) and found.average.p == found.a.p and p < 0.05, found.a.p)
    assert(found.a.test == "rows" and near(found.a.low, crossed.low) and near(found.a.high, crossed.high))
  end,

  ["runs with other test rows are compared by seeds"] = function()
    local found, notes = tested { answered("old", 1, { a = "110000" }), answered("new", 1, { a = "111111" }, 1) }
    assert(found.a.p == nil and notes:find("1 seed without recorded answers to the same test rows", 1, true), notes)
  end,

  ["rows that differ by the same amount have no p"] = function()
    local runs = {}
    for seed = 1, 3 do
      runs[#runs + 1] = answered("old", seed, { a = "00000000" })
      runs[#runs + 1] = answered("new", seed, { a = "11111111" })
    end
    local found = tested(runs)
    assert(found.a.p == nil and found.a.effect == 100 and found.a.why == "all rows differ by the same amount", found.a.why)
    for _, run in ipairs(runs) do run.rows.a.values, run.scores.a.accuracy, run.average = { 0, 0, 0, 0, 0, 0, 0, 0 }, 0, 0 end
    assert(tested(runs).a.p == 1)
  end,

  ["a seed that occurs twice, or in one cell only, pairs nothing"] = function()
    local found, notes = tested { answered("old", 1, { a = "10" }), answered("old", 1, { a = "10" }), answered("new", 1, { a = "11" }) }
    assert(found.a.p == nil and notes:find("a seed occurs twice in a cell", 1, true), notes)
    found, notes = tested { answered("old", 1, { a = "10" }), answered("new", 2, { a = "11" }) }
    assert(found.a.effect == nil and notes:find("no seed is in both cells", 1, true), notes)
  end,

  ["recorded answers are read, if they are those of the score"] = function()
    local said = {}
    local function runs(shift)
      return compt.ablate {
        name = "t", out = os.tmpname() .. "_grid", grid = { method = { "pt", "ssum" }, seed = { 1 } },
        run = function(s)
          local t = compt.trainer {
            backbone = compt.backbone "micro", steps = s.method == "pt" and 1 or 12, progress = false, seed = 1,
            method = compt.methods[s.method] { length = 4 },
            tasks = compt.tasks("micro", { tasks = { "nli3", "similarity" }, shots = 8, max_test = 40, seed = 1 }),
          }
          t:run()
          local result = t:evaluate "test"
          said[s.method] = result
          result.scores.nli3.accuracy = result.scores.nli3.accuracy + shift
          return { average = result.average, scores = result.scores }
        end,
      }
    end
    local both = runs(0)
    local t = compt.report.table(both, { rows = "method", columns = "task", baseline = "pt" })
    local first, second, place = 0, 0, {}
    for i, row in ipairs(said.ssum.predictions.nli3) do
      local ours, theirs = row.prediction == row.label, said.pt.predictions.nli3[i].prediction == row.label
      if ours and not theirs then first = first + 1 end
      if theirs and not ours then second = second + 1 end
    end
    local values, differences = {}, {}
    for i, run in ipairs(both) do values[i] = library.row_scores(run.path, "test", { similarity = "spearman" }).similarity.values end
    for i, value in ipairs(values[2]) do differences[i] = value - values[1][i] end
    for j, key in ipairs(t.columns) do place[key[1]] = t.cells[2][j] end
    assert(place.nli3.test == "answers" and place.similarity.test == "answers" and first + second > 0, tostring(t))
    local ps = statistics.holm { statistics.mcnemar(first, second), (statistics.sign_flip(differences)) }
    assert(near(place.nli3.p, ps[1]) and near(place.similarity.p, ps[2]), ("%.9g %.9g, not %.9g %.9g"):format(place.nli3.p, place.similarity.p, ps[1], ps[2]))
    assert(near(place.similarity.effect, said.ssum.scores.similarity.spearman - said.pt.scores.similarity.spearman))
    assert(place.average.p == nil)
    t = compt.report.table(runs(1), { rows = "method", columns = "task", baseline = "pt" })
    noted(t, "1 seed without recorded answers to the same test rows")
  end,
}
