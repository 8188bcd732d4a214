--- Tables over runs whose numbers are known.
local compt = require "compt"

--- A grid that trains nothing: the values of its cells are known.
local function grid(run, values)
  return compt.ablate {
    name = "t", out = os.tmpname() .. "_grid", grid = values, run = run,
  }
end

--- Two methods, three seeds: 80, 81, 82 and 90, 92, 94 on one task; scores on the other task are lower by 10.
local function known()
  return grid(function(s)
    if s.method == "new" and s.seed == 3 and s.shots == 8 then error "broken" end
    local score = s.method == "old" and 79 + s.seed or 88 + 2 * s.seed
    score = score + (s.shots == 16 and 1 or 0)
    return {
      average = score - 5, gap = { mcat = score },
      scores = { nli = { accuracy = score }, likeness = { pearson = score - 10, spearman = 1.0 } },
    }
  end, { method = { "old", "new" }, shots = { 8, 16 }, seed = { 1, 2, 3 } })
end

local function near(a, b) return math.abs(a - b) < 1e-9 end

return {
  ["means, deviations and counts are over seeds"] = function()
    local t = compt.report.table(known(), { rows = "method", columns = "shots" })
    assert(t.rows[1][1] == "old" and t.columns[1][1] == "8", "in the order of the grid")
    local old = t.cells[1][1]
    assert(near(old.mean, 76) and near(old.sd, 1) and old.n == 3 and old.expected == 3)
    local new = t.cells[2][1]
    assert(near(new.mean, 86) and new.n == 2 and new.expected == 3)
    assert(t.notes[1] == "11 runs, 3 seeds (1, 2, 3)", t.notes[1])
    assert(t.warnings[1]:find "1 run is missing: method=new seed=3 shots=8 %(failed: .*broken", t.warnings[1])
  end,

  ["tasks are columns, by their main metric, and the average comes last"] = function()
    local t = compt.report.table(known(), { rows = { "shots", "method" }, columns = "task" })
    assert(#t.rows == 4 and #t.columns == 3 and t.columns[3][1] == "average")
    local by = {}
    for j, key in ipairs(t.columns) do by[key[1]] = j end
    assert(near(t.cells[1][by.nli].mean, 81) and near(t.cells[1][by.likeness].mean, 71))
  end,

  ["values are numbers of the run, of its returned values, or of a function"] = function()
    local runs = known()
    local function first(value) return compt.report.table(runs, { rows = "method", value = value }).cells[1][1].mean end
    assert(near(first "gap.mcat", 81) and near(first(function(run) return 2 * run.average end), 152))
  end,

  ["the best mean is marked among cells with the same seeds, tasks and data"] = function()
    local t = compt.report.table(known(), { rows = "method", columns = "shots" })
    assert(t.cells[2][2].best and not t.cells[1][2].best)
    assert(not t.cells[1][1].best and not t.cells[2][1].best, "a seed of one is missing")
    assert(tostring(t):find("no best in 1 column: the rows differ in their seeds", 1, true), tostring(t))
    t = compt.report.table(known(), { rows = "shots", columns = "method" })
    assert(not t.cells[2][1].best and tostring(t):find("the rows differ in their shots", 1, true), tostring(t))
    local other = grid(function(s)
      local scores = { a = { accuracy = 50 }, b = s.with == "b" and { accuracy = 70 } or nil }
      return { average = s.with == "b" and 60 or 50, scores = scores }
    end, { with = { "a", "b" }, seed = { 1, 2 } })
    t = compt.report.table(other, { rows = "with", columns = "task" })
    assert(not t.cells[2][3].best and tostring(t):find("the rows differ in their tasks of the average", 1, true), tostring(t))
  end,

  ["a table is written in every format"] = function()
    local t = compt.report.table(known():where(function(run) return run.settings.shots == 16 or run.settings.seed < 3 end), {
      title = "A & B_1", rows = "method", columns = "shots", baseline = "old",
    })
    assert(tostring(t):find("Difference from old [95 % confidence interval]\nmethod ", 1, true), tostring(t))
    local tex = t:latex()
    assert(tex:find("\\toprule", 1, true) and tex:find("A \\& B\\_1", 1, true) and tex:find("\\textbf{86.0 $\\pm$ 1.4", 1, true), tex)
    assert(tex:find("Difference from old [95 \\% confidence interval]\n\n\\begin{tabular}{lrr}", 1, true), tex)
    local markdown = t:markdown()
    assert(markdown:find("| old | 75.5 ± 0.7 | 77.0 ± 1.0 |", 1, true), markdown)
    assert(markdown:find("**86.0 ± 1.4**", 1, true) and markdown:find("| new | +10.5 \\[4.1, 16.9\\] |", 1, true), markdown)
    local csv = t:csv()
    assert(csv:find "^method,shots,mean,sd,n,expected,best,p,effect,low,high,test\n", csv)
    assert(csv:find "\nnew,8,86.0,1.41421356%d+,2,2,true,,10.5,4.14689%d+,16.853%d+,", csv)
    assert(t:html():find("<b>86.0 ± 1.4</b>", 1, true) and t:html():find "A &amp; B_1" and t:html():find "<td>%+10.5 %[4.1, 16.9%]</td>")
    local incomplete = compt.report.table(known(), { rows = "method", columns = "shots" })
    assert(incomplete:latex():find("% Warning: 1 run", 1, true), "the file mentions the missing run")
    assert(incomplete:markdown():find("86.0 ± 1.4 (n=2)", 1, true))
    assert(t:json():find '"expected": 3' and t:json():find '"effect": 10.5')
    local plain = compt.report.table(known(), { rows = "method", columns = "shots", baseline = "old", effects = false })
    assert(not tostring(plain):find "Difference" and plain.cells[2][2].effect == 11)
    assert(not pcall(t.save, t, "table.doc"))
    local path = os.tmpname() .. ".md"
    t:save(path)
    assert(io.open(path):read "a" == markdown .. "\n")
  end,

  ["names and labels do no harm in any format"] = function()
    local evil = "=a\27[31m|*b*\r\n\\input{x}\u{202e}% \u{85}"
    local t = compt.report.table(known(), { title = evil, rows = "method", columns = "shots" })
    t.rows[1][1], t.rows[2][1] = evil, "@x"
    t.row_names[1] = "=SUM(A1),\"q\""
    t.warnings = { "a\rb\n\\input{c}\fd" }
    local function lacks(text, ...)
      for _, part in ipairs { ... } do assert(not text:find(part, 1, true), text) end
    end
    lacks(tostring(t), "\27", "\r", "\u{202e}", "\u{85}")
    assert(tostring(t):find("\\u{1b}[31m", 1, true), tostring(t))
    lacks(t:markdown(), "\27", "\r", "a|", "|*", "*b*\\", "\u{85}")
    assert(t:markdown():find("\\|\\*b\\*  \\\\input", 1, true), t:markdown())
    local tex = t:latex()
    lacks(tex, "\27", "\r", "\f", "\n\\input", "a\\input")
    assert(tex:find "^%% Warning: a b \\input{c} d\n\\begin{table}", tex)
    local csv = t:csv()
    assert(csv:find("\"'=SUM(A1),\"\"q\"\"\",shots", 1, true) and csv:find("\n'@x,", 1, true), csv)
    assert(csv:find("\n\"'=a", 1, true), csv)
    local raw = t:csv { raw = true }
    assert(raw:find("\n@x,", 1, true) and raw:find("\"=SUM", 1, true), raw)
    t.rows[1][1], t.rows[2][1] = "-1.5", "-x"
    assert(t:csv():find("\n-1.5,", 1, true) and t:csv():find("\n'-x,", 1, true))
    assert(not pcall(t.csv, t, { rww = true }))
    local path = os.tmpname() .. ".csv"
    t:save(path, { raw = true })
    assert(io.open(path):read "a" == t:csv { raw = true } .. "\n")
  end,

  ["an empty cell is shown as missing"] = function()
    local runs = grid(function(s)
      if s.method == "b" then error "no" end
      return { average = s.seed }
    end, { method = { "a", "b" }, seed = { 1, 2 } })
    local text = tostring(compt.report.table(runs, { rows = "method" }))
    assert(text:find "b%s+–" and text:find "2 runs are missing", text)
  end,

  ["runs of one cell that differ in more than the seed get rows of their own"] = function()
    local t = compt.report.table(known(), { rows = "method", baseline = "old" })
    assert(table.concat(t.row_names, " ") == "shots method" and #t.rows == 4, tostring(t))
    assert(t.cells[1][1].n == 3 and near(t.cells[1][1].mean, 76) and near(t.cells[3][1].mean, 77))
    assert(near(t.cells[2][1].effect, 10.5) and near(t.cells[4][1].effect, 11), "each with its own baseline")
    assert(tostring(t):find("runs that differ in shots have rows of their own", 1, true), tostring(t))
    assert(#t.warnings == 1 and t.warnings[1]:find "missing", t.warnings[2])
  end,

  ["a baseline without a further setting serves all rows that have one"] = function()
    local runs = compt.ablate {
      name = "t", out = os.tmpname() .. "_grid", run = function(s) return { average = s.seed + (s.sources or 0) } end,
      list = {
        { method = "pt", seed = 1 }, { method = "pt", seed = 2 }, { method = "ssum", sources = 2, seed = 1 },
        { method = "ssum", sources = 2, seed = 2 }, { method = "ssum", sources = 3, seed = 1 },
      },
    }
    local t = compt.report.table(runs, { rows = "method", baseline = "pt" })
    local found = {}
    for i, key in ipairs(t.rows) do found[table.concat(key, " ")] = t.cells[i][1].effect or "none" end
    assert(found["2 ssum"] == 2 and found["3 ssum"] == 3 and found["- pt"] == "none", tostring(t))
  end,

  ["varying settings are found"] = function()
    local runs = known()
    assert(table.concat(runs:varying(), " ") == "method shots seed")
    assert(#runs == 12 and #runs:finished() == 11 and #runs:where { seed = 1, method = "old" } == 2)
    assert(table.concat(compt.report.table(runs).row_names, " ") == "method shots")
    assert(#runs:where { seed = 1 }:with(runs) == 12)
    assert(#runs:where { seed = { 1, 3 }, method = "old" } == 4 and #runs:where { seed = { 4 } } == 0)
  end,

  ["runs that differ only in the seed, without a method, are one row"] = function()
    local runs = grid(function(s) return { average = s.seed } end, { seed = { 1, 2 }, shots = { 8 } })
    local t = compt.report.table(runs)
    assert(#t.rows == 1 and near(t.cells[1][1].mean, 1.5), tostring(t))
    local page, seeds = os.tmpname(), grid(function(s) return { average = s.seed } end, { seed = { 1, 2 } })
    compt.report.page { path = page, runs = seeds }
    assert(os.remove(page))
  end,

  ["given numbers are shown with the digits of their columns"] = function()
    local function values(given)
      return compt.report.values {
        row_names = { "method" }, rows = { { "pt" }, { "ssum" } }, columns = { "average", "cola" }, digits = { 2, 1 }, values = given,
      }
    end
    local text = tostring(values { { 63.35, 67.0 }, { 74.38, false } })
    assert(text:find("63.35  67.0", 1, true) and text:find("74.38     –", 1, true), text)
    for words, given in pairs {
      ["there are 2 rows, and values of 1"] = { { 1, 2 } },
      ["row 2 has 1 values, and there are 2 columns"] = { { 1, 2 }, { 3 } },
    } do
      local ok, message = pcall(values, given)
      assert(not ok and tostring(message):find(words, 1, true), tostring(message))
    end
  end,
}
