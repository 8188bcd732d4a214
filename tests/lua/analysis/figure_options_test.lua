--- The options of all figures, and figures of runs that lack what is asked for.
local compt = require "compt"

---@param values fun(s: table): table
local function runs(values, grid)
  return compt.ablate {
    name = "f", out = os.tmpname() .. "_grid", grid = grid or { method = { "pt", "ssum" }, shots = { 8, 16 }, seed = { 1, 2, 3 } },
    run = values,
  }
end

local function scores(s)
  local score = s.shots + s.seed + #s.method
  return { average = score, extra = { gap = -score }, scores = { qnli = { accuracy = score }, cola = { matthews = score - 20 } } }
end

local function says(part, call)
  local ok, why = pcall(call)
  assert(not ok and tostring(why):find(part, 1, true), ("%s in %s"):format(part, tostring(why)))
end

return {
  ["names, order, labels and axes"] = function()
    local figure = compt.figures.lines(runs(scores), {
      x = "shots", by = "method", names = { ssum = "SSUM" }, order = { "ssum" }, x_label = "rows", y_label = "score (%)",
      y_limits = { 10, 30 }, x_scale = "log", x_ticks = { 8, 16 }, title = "", notes = false,
    })
    local chart = figure.chart
    local panel = chart.panels[1]
    assert(panel.series[1].name == "SSUM" and panel.series[2].name == "pt" and #chart.notes == 0 and chart.title == "")
    assert(panel.x_label == "rows" and panel.y_axis.limits[1] == 10 and panel.x_axis.log and panel.x_axis.ticks[2] == 16)
    assert(panel.y_axis.bounds[2] == 100, "an average is at most 100")
    local two = compt.figures.plot({ ["my ssum"] = { 1, 2 }, ["shots 8"] = { 1, 2 } }, { names = { ssum = "SSUM", [8] = "8 rows" } })
    local named = two.chart.panels[1].series
    assert(named[1].name == "my ssum" and named[2].name == "8 rows", "only numbers stand for their setting")
    local other = figure:with { names = { pt = "PT" }, width = 100, font_size = 7 }
    assert(other.chart.panels[1].series[2].name == "PT" and panel.series[2].name == "pt", "a copy")
    assert(figure:svg({ width = "column" }):find 'width="238.1pt"' and other:svg():find 'width="283%.[45]pt"')
    assert(figure:svg { palette = { "#123456", "#654321" } }:find "#654321")
  end,

  ["what a figure cannot have is refused"] = function()
    local heat = compt.figures.heat { rows = { "a" }, columns = { "b" }, values = { { 1 } } }
    says("has no axis for y_limits", function() heat:with { y_limits = { 0, 1 } } end)
    says("unknown option 'colour'", function() heat:with { colour = 1 } end)
    says("width must be", function() heat:save("x.svg", { width = "wide" }) end)
    says("width must be 30 to 2000 mm", function() heat:svg { width = 3 } end)
    says("unknown palette \"rainbow\"", function() heat:svg { palette = "rainbow" } end)
    says("legend must be", function() heat:svg { legend = "left" } end)
    says("font_size must be 6 to 36 points", function() heat:svg { font_size = 3 } end)
    says("y_limits must be two numbers", function() compt.figures.plot({ 1 }, { y_limits = { 1 } }) end)
    says("y_limits must rise", function() compt.figures.plot({ 1 }, { y_limits = { 2, 1 } }):svg() end)
    assert(heat:with({ names = { ssum = "SSUM" } }).chart.panels[1].rows[1] == "a", "names may serve several figures")
    assert(heat:with({ order = { "c", "a" }, names = { a = "A" } }):with({ order = { "a" } }).chart.panels[1].rows[1] == "A")
  end,

  ["a value that is not there is an error that lists what is"] = function()
    local all = runs(scores)
    says("did you mean 'accuracy'?); values: accuracy, average, extra.gap, matthews", function() compt.figures.lines(all, { x = "shots", by = "method", value = "acuracy" }) end)
    says("accuracy", function() compt.figures.bars(all, { x = "method", value = "f1" }) end)
    says("there are no runs", function() compt.figures.lines(all:where { shots = 8, seed = 1 }:where(function() return false end), { x = "shots" }) end)
    local none = runs(function() return {} end)
    local some = runs(function(s) return { average = s.seed > 1 and 5 or nil } end)
    local notes = compt.figures.lines(some, { x = "shots", by = "method" }).chart.notes
    assert(notes[2] == "4 of 12 runs have no average", notes[2])
    says("no run has a value", function() compt.figures.lines(none, { x = "shots" }) end)
    says("returned a number for none", function() compt.figures.lines(all, { x = "shots", value = function() end }) end)
    says("unknown setting", function() compt.figures.curves(all, { by = "metod" }) end)
    says("is not a number; compt.figures.bars", function() compt.figures.lines(all, { x = "method" }) end)
    says("no run has recorded 'loss'; recorded are test, test.cola", function() compt.figures.curves(all) end)
    says("there is no row 'lora'", function() compt.figures.forest(all, { baseline = "lora" }) end)
    assert(compt.figures.lines(all, { x = "shots", by = "method", value = "extra.gap" }).chart.panels[1].y_axis.bounds == nil)
    local metric = compt.figures.lines(all, { x = "shots", by = "method", value = "matthews" }).chart.panels[1]
    assert(metric.series[1].mean[1] == -8 and metric.y_axis.bounds[1] == false and metric.y_axis.bounds[2] == 100)
    local errors = runs(function(s) return { average = 1, scores = { sim = { neg_mse = -s.seed, own = 3 * s.seed } } } end)
    for _, name in ipairs { "neg_mse", "own" } do
      local panel = compt.figures.lines(errors, { x = "shots", by = "method", value = name }).chart.panels[1]
      assert(panel.y_axis.bounds == nil and panel.y_label == name, "errors and metrics of a script are no percentages")
    end
    assert(compt.figures.bars(all, { x = "method", by = "shots", value = "average" }).chart.panels[1].names[2] == "ssum")
  end,

  ["intervals are named and are those of statistics"] = function()
    local all = runs(scores)
    local function line(interval)
      local figure = compt.figures.lines(all, { x = "shots", by = "method", interval = interval, spread = "bars" })
      return figure.chart.panels[1].series[1], figure.chart.notes[1]
    end
    local range, note = line "range"
    assert(range.low[1] == 11 and range.high[1] == 13 and note:find "error bars: minimum to maximum over seeds", note)
    local boot, about = line "bootstrap"
    local low, high = compt.statistics.bootstrap({ 11, 12, 13 }, { over = "runs" })
    assert(boot.low[1] == low and boot.high[1] == high and about:find "95 %% bootstrap interval", about)
    local none, bare = line "none"
    assert(none.low[1] == false and not bare:find "bar", bare)
    assert(compt.figures.lines(all, { x = "shots", by = "method", interval = "none" }):svg())
  end,

  ["names of any kind are text in every file"] = function()
    local odd = {
      'a"quote"', "b<script>alert(1)</script>", "c $x_1$ 100 % & \\n", "d\nbreak", "e \u{1F600}", "f \u{5D0}\u{5D1}\u{202E}",
      ("g"):rep(200), "h]]>", "=SUM(A1)",
    }
    local values = {}
    for i in ipairs(odd) do values[i] = { i } end
    local heat = compt.figures.heat { rows = odd, columns = { "x" }, values = values, title = odd[2] }
    local groups, series = {}, {}
    for i, name in ipairs(odd) do
      groups[i] = { name = name, values = { i, i + 1 } }
      series[name] = { i, i + 1 }
    end
    for _, figure in ipairs { heat, compt.figures.boxes { groups = groups }, compt.figures.plot(series) } do
      local svg = figure:svg()
      assert(not svg:find("<script", 1, true) and not svg:find("\n<text[^>]*>[^<]*\n[^<]*</text>"), svg)
      figure:svg { width = "text" }
      assert(#tostring(figure) > 0)
    end
    local forty = {}
    for i = 1, 40 do forty[("series %d"):format(i)] = { i, i } end
    assert(compt.figures.plot(forty):svg():find "series 40")
  end,

  ["bars, points and densities of groups"] = function()
    for _, form in ipairs { "box", "violin", "strip" } do
      local figure = compt.figures.boxes { groups = { { name = "a", values = { 1, 2, 5 } }, { name = "b", values = { 2, 2 } } }, form = form }
      assert(figure:svg():find "^<svg" and figure.chart.panels[1].note:find(form == "strip" and "points" or form), form)
    end
    local odd = compt.figures.boxes { groups = { { name = "a", values = { 1, 0 / 0, 3 } }, { name = "b", values = { 2, math.huge, 4 } } } }
    assert(odd.chart.notes[1] == "2 of 6 values are not finite" and odd:svg(), odd.chart.notes[1])
    says("group 1 must be", function() compt.figures.boxes { groups = { { 1, 2 } } } end)
  end,

  ["a regression line is that of scipy"] = function()
    -- scipy.stats.linregress([1, 2, 3, 4, 5], [2, 1, 4, 3, 7]), and statsmodels' confidence interval of the mean at 1.
    local fit = assert(compt.statistics.regression({ 1, 2, 3, 4, 5 }, { 2, 1, 4, 3, 7 }))
    assert(math.abs(fit.slope - 1.2) < 1e-12 and math.abs(fit.intercept + 0.2) < 1e-12 and math.abs(fit.r - 0.824163383692134) < 1e-12)
    assert(math.abs(fit.half_width(1) - 3.7113382628074905) < 1e-6, fit.half_width(1))
    assert(compt.statistics.regression({ 1, 1, 1 }, { 1, 2, 3 }) == nil)
    local figure = compt.figures.scatter({ 1, 2, 3, 4, 5, 9 }, { 2, 1, 4, 3, 7, 1 }, { regression = true, by = { "a", "a", "a", "a", "a", "b" } })
    local series = figure.chart.panels[1].series
    assert(#series == 3 and series[3].like == 1 and series[3].form == "curve" and figure.chart.notes[1]:find "r = 0.82, n = 5")
    assert(figure.chart.notes[2] == "b: no line: it needs 3 points or more with different x", figure.chart.notes[2])
    assert(figure:svg())
  end,

  ["calibration bins and their error"] = function()
    -- sklearn.calibration.calibration_curve(y, p, n_bins=5), and ECE by its definition.
    local p, y = { 0.95, 0.9, 0.85, 0.55, 0.5, 0.45, 0.3, 0.1 }, { 1, 1, 0, 1, 0, 0, 0, 0 }
    local figure = compt.figures.calibration(p, y, { bins = 5 })
    local line = figure.chart.panels[1].series[2]
    assert(#line.x == 4 and math.abs(line.x[3] - 0.5) < 1e-12 and math.abs(line.mean[3] - 1 / 3) < 1e-12)
    assert(figure.chart.notes[1]:find "8 predictions in 5 bins; expected calibration error 0.200", figure.chart.notes[1])
    local rows = { { score = 0.9, prediction = "yes", row = { label = "yes" } }, { score = 0.6, prediction = "no", row = { label = "yes" } } }
    assert(compt.figures.calibration(rows).chart.panels[1].series[2].mean[2] == 1)
    says("row 1 has no gold", function() compt.figures.calibration(rows, { label = "gold" }) end)
    says("a confidence is 0 to 1", function() compt.figures.calibration({ 2 }, { true }) end)
    says("2 confidences need", function() compt.figures.calibration({ 1, 0 }, { true }) end)
  end,

  ["Friedman's test is that of scipy, and the difference Nemenyi's"] = function()
    -- scipy.stats.friedmanchisquare, rankdata of the negative values, and f.sf of Iman and Davenport's statistic.
    local blocks = { { 80, 82, 79, 85 }, { 60, 61, 66, 70 }, { 90, 91, 90, 93 }, { 50, 58, 52, 57 }, { 70, 72, 72, 75 } }
    local found = compt.statistics.friedman(blocks)
    assert(math.abs(found.chi_squared - 11.0625) < 1e-9 and math.abs(found.f - 11.238095238095203) < 1e-9)
    assert(math.abs(found.p - 0.000844479430953868) < 1e-12, found.p)
    assert(table.concat(found.ranks, " ") == "3.7 2.1 3.0 1.2", table.concat(found.ranks, " "))
    local all = compt.ablate {
      name = "f", out = os.tmpname() .. "_grid", grid = { method = { "m1", "m2", "m3", "m4" }, seed = { 1 } },
      run = function(s)
        local scores_of, at = {}, tonumber(s.method:sub(2)) or 1
        for i, block in ipairs(blocks) do scores_of["task" .. i] = { accuracy = block[at] } end
        return { average = 1, scores = scores_of }
      end,
    }
    local figure = compt.figures.ranks(all)
    local panel = figure.chart.panels[1]
    -- Demsar (2006): q = 2.569 for four classifiers; CD = q sqrt(4 * 5 / (6 * 5)).
    assert(math.abs(panel.critical - 2.569 * (20 / 30) ^ 0.5) < 1e-3 and panel.ranks[4] == 1.2, panel.critical)
    assert(figure:svg():find "CD = 2.10" and figure.chart.notes[2]:find "p < 0.001")
    says("alpha must be 0.05 or 0.1", function() compt.figures.ranks(all, { alpha = 0.01 }) end)
  end,

  ["forests have the effects of the table"] = function()
    local all = runs(scores, { method = { "pt", "ssum", "msum" }, shots = { 8, 16 }, seed = { 1, 2, 3 } })
    local figure = compt.figures.forest(all, { baseline = "pt", panels = "shots", names = { ssum = "SSUM" } })
    local rows = figure.chart.panels[1].rows
    assert(#figure.chart.panels == 2 and #rows == 2 and rows[1].effect == 2 and figure:svg():find ">SSUM<", rows[1].effect)
  end,

  ["transfer is a difference from the baseline"] = function()
    local all = runs(function(s)
      return { average = 1, scores = { qnli = { accuracy = 50 + #s.from + s.seed }, nli3 = { accuracy = 40 - #s.from } } }
    end, { from = { "none", "nli3x" }, seed = { 1, 3 } })
    local panel = compt.figures.transfer(all, { source = "from", baseline = "none" }).chart.panels[1]
    assert(#panel.rows == 1 and panel.columns[1] == "nli3" and panel.values[1][1] == -1 and panel.values[1][2] == 1)
    assert(panel.shades == "diverging" and panel.y_label == "from")
    says("unknown baseline", function() compt.figures.transfer(all, { source = "from", baseline = "non" }) end)
    says("accuracy", function() compt.figures.transfer(all, { source = "from", value = "f1" }) end)
  end,

  ["prompts are at their principal components"] = function()
    -- sklearn.decomposition.PCA(2).fit_transform([[1, 2, 0], [3, 5, 1], [2, 2, 2], [8, 1, 0]]) with its ratios.
    local all = {}
    for i, row in ipairs { { 1, 2, 0 }, { 3, 5, 1 }, { 2, 2, 2 }, { 8, 1, 0 } } do all["p" .. i] = torch.tensor { row } end
    local panel = compt.figures.prompts(all).chart.panels[1]
    local series = panel.series[1]
    for i, place in ipairs { { -2.153967154, -1.252096743 }, { -1.178533941, 2.270995024 }, { -1.462800712, -0.777455181 }, { 4.795301807, -0.241443100 } } do
      assert(math.abs(series.x[i] - place[1]) < 1e-6 and math.abs(series.mean[i] - place[2]) < 1e-6, i)
    end
    assert(panel.x_label == "component 1 (76 % of the variance)" and series.labels[2] == "p2", panel.x_label)
    says("'a' has numbers that are not finite", function()
      compt.figures.prompts { a = torch.full({ 2 }, 0 / 0), b = torch.ones(2), c = torch.ones(2) }
    end)
    says("3 prompts or more", function() compt.figures.prompts { a = torch.ones(1), b = torch.ones(1) } end)
    says("pool = true", function() compt.figures.prompts { a = torch.ones(1, 2), b = torch.ones(2, 2), c = torch.ones(1, 2) } end)
  end,

  ["curves of everything that is recorded"] = function()
    local small = require "tests.lua.small"
    local trained = compt.ablate {
      name = "c", out = os.tmpname() .. "_grid", settings = { method = "m" }, grid = { seed = { 1, 2 } },
      run = function(s)
        local t = small.trainer { steps = 6, seed = s.seed, progress = false, evaluate_every = 3 }
        t:run()
        return t:evaluate "test"
      end,
    }
    for _, value in ipairs { "validation", "weights.*", "lr.*", "task_losses.*", "grad_norms.*", "temperature", "test" } do
      local figure = compt.figures.curves(trained, { by = "method", value = value, points = 3 })
      assert(#figure.chart.panels[1].series >= 1 and figure:svg(), value)
    end
    local series = compt.figures.curves(trained, { by = "method", value = "validation" }).chart.panels[1].series
    assert(#series == 1 and #series[1].x == 2 and series[1].x[2] == 6)
    local weights = compt.figures.curves(trained, { by = "method", value = "weights.*" }).chart.panels[1].series
    assert(weights[1].name:find "%.src0$", weights[1].name)
    local raw = compt.figures.curves(trained, { by = "method", interval = "none" }).chart.panels[1].series[1].mean
    local smooth = compt.figures.curves(trained, { by = "method", smooth = 0.5, interval = "none" })
    local mean = smooth.chart.panels[1].series[1].mean
    assert(math.abs(mean[1] - raw[1]) < 1e-12 and math.abs(mean[2] - (raw[1] / 3 + 2 * raw[2] / 3)) < 1e-9)
    assert(smooth.chart.notes[1]:find "exponential moving average, factor 0.5", smooth.chart.notes[1])
    for step = 1, 6 do
      local path = trained[1].path .. "/metrics.jsonl"
      local file = assert(io.open(path, step == 1 and "w" or "a"))
      file:write(('{"step":%d,"loss":%d}\n'):format(step, step == 3 and 1000 or 1))
      file:close()
    end
    local cut = compt.figures.curves(trained, { by = "method", points = 6 })
    assert(cut.chart.notes[1]:find "down to the smallest value where it would reach 0", cut.chart.notes[1])
    assert(cut.chart.panels[1].series[1].low[3] > 0)
    says("recorded are", function() compt.figures.curves(trained, { value = "validation.none" }) end)
    says("factor from 0", function() compt.figures.curves(trained, { smooth = 1 }) end)
  end,
}
