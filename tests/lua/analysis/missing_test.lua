--- Tables of what is not there.
local compt = require "compt"

local function grid(values, run)
  return compt.ablate { name = "t", out = os.tmpname() .. "_grid", grid = values, run = run }
end

local function scored()
  return grid({ method = { "pt", "ssum" }, seed = { 1, 2 } }, function(s)
    return {
      average = s.seed, gap = { mcat = 3 }, note = "text", logits = { 1, 2, 3, 4 },
      scores = { nli = { accuracy = s.seed, f1 = 2 }, sts = { pearson = 1 } },
    }
  end)
end

local function refused(runs, options, ...)
  local ok, message = pcall(compt.report.table, runs, options)
  assert(not ok, "it is not refused")
  for _, text in ipairs { ... } do assert(tostring(message):find(text, 1, true), tostring(message)) end
end

return {
  ["a value that no run has is an error that lists what there is"] = function()
    local runs = scored()
    refused(runs, { value = "acuracy" }, "no run has a value 'acuracy' (did you mean 'accuracy'?)",
      "values: accuracy, average, f1, gap.mcat, logits.* (4), pearson, seconds", 'tasks: nli, sts (columns = "task" shows')
    refused(runs, { value = "acuracy", columns = "task", rows = "method" }, "(did you mean 'accuracy'?)")
    refused(runs, { value = "nli" }, "no run has a value 'nli'", "tasks: nli, sts")
    refused(runs, { value = function() return nil end }, "'value' returned a number for none of the 4 runs")
    refused(runs, { rows = "metod" }, "metod", "method")
    refused(runs:where(function() return false end), {}, "there are no runs")
  end,

  ["a value that some runs have is shown, and what is not there explained"] = function()
    local t = compt.report.table(scored(), { rows = "method", columns = "task", value = "f1" })
    assert(t.cells[1][1].mean == 2 and tostring(t):find("–: no value", 1, true) == nil, "no task without f1 has a column")
    local runs = grid({ method = { "pt", "ssum" }, seed = { 1, 2 } }, function(s)
      return { average = (s.method == "pt" or s.seed == 1) and s.seed or nil, gap = s.method == "pt" and 1 or nil }
    end)
    local text = tostring(compt.report.table(runs, { rows = "method" }))
    assert(text:find("1.0 (n=1)", 1, true) and text:find("n: runs with a value, where others have none", 1, true), text)
    assert(text:find("1 run is missing: method=ssum seed=2 (finished, but without a value)", 1, true), text)
    text = tostring(compt.report.table(runs, { rows = "method", value = "gap" }))
    assert(text:find "ssum%s+–" and text:find("–: no value", 1, true) and not text:find("n: runs", 1, true), text)
  end,

  ["runs without an evaluation are refused, and have a page"] = function()
    local runs = grid({ method = { "pt", "ssum" } }, function() return { note = "trained" } end)
    refused(runs, {}, "no run has a value 'average'", "values: seconds", 'no run was evaluated on test rows: t:evaluate "test"')
    local path = os.tmpname()
    compt.report.page { path = path, runs = runs }
    assert(io.open(path):read("a"):find("none was evaluated on test rows", 1, true))
  end,

  ["only marks that are there are explained"] = function()
    local function table_of(gain)
      local runs = grid({ method = { "old", "new" }, seed = { 1, 2, 3, 4, 5, 6 } }, function(s)
        return { average = 50 + s.seed ^ 2 % 7 + (s.method == "new" and gain * (s.seed % 2 == 0 and 1 or -0.5) or 0) }
      end)
      return compt.report.table(runs, { rows = "method", baseline = "old" })
    end
    local nothing = tostring(table_of(1))
    assert(nothing:find("no p < 0.05 against old, Holm over 1 test", 1, true) and not nothing:find("*", 1, true), nothing)
    local one = grid({ method = { "old", "new" }, seed = { 1 } }, function(s) return { average = #s.method + s.seed } end)
    local text = tostring(compt.report.table(one, { rows = "method", baseline = "old", best = "none" }))
    assert(not text:find("±", 1, true) and not text:find("confidence", 1, true) and text:find("Difference from old\n", 1, true), text)
    local plain = compt.report.values { row_names = { "m" }, rows = { { "a" } }, columns = { "x" }, values = { { 1 } } }
    assert(not plain:markdown():find("\n.", 1, true) and not plain:latex():find("caption", 1, true), plain:markdown() .. plain:latex())
  end,

  ["forty rows are one table"] = function()
    local methods = {}
    for i = 1, 40 do methods[i] = "m" .. i end
    local t = compt.report.table(grid({ method = methods }, function(s) return { average = #s.method } end))
    local _, lines = t:latex():gsub(" \\\\\n", "")
    assert(#t.rows == 40 and lines == 41)
  end,
}
