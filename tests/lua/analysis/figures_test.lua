--- Figures over runs whose numbers are known.
local compt = require "compt"

local function runs()
  return compt.ablate {
    name = "f", out = os.tmpname() .. "_grid", grid = { method = { "a", "b" }, shots = { 8, 16 }, seed = { 1, 2, 3 } },
    run = function(s) return { average = s.shots + s.seed } end,
  }
end

return {
  ["lines have means and bands"] = function()
    local figure = compt.figures.lines(runs(), { x = "shots", by = "method" })
    local series = figure.chart.panels[1].series
    assert(#series == 2 and series[1].name == "a" and series[1].x[2] == 16)
    assert(series[1].mean[1] == 10 and series[1].low[1] == 9 and series[1].high[1] == 11)
    assert(figure.chart.notes[1]:find "12 runs, 3 seeds", figure.chart.notes[1])
    assert(figure:svg():find "^<svg" and not figure:svg():find "nan")
  end,

  ["runs that differ in more than the seed have lines of their own"] = function()
    local mixed = compt.ablate {
      name = "f", out = os.tmpname() .. "_grid", run = function(s) return { average = s.shots + 100 * s.depth + s.seed } end,
      grid = { method = { "a", "b" }, depth = { 1, 2 }, shots = { 8, 16 }, seed = { 1, 2, 3 } },
    }
    local figure = compt.figures.lines(mixed, { x = "shots", by = "method" })
    local series = figure.chart.panels[1].series
    assert(#series == 4 and series[1].name == "a, depth 1" and series[4].name == "b, depth 2", series[1].name)
    assert(series[1].mean[1] == 110 and series[1].low[1] == 109, "the band is over seeds")
    assert(not table.concat(figure.chart.notes):find "warning", figure.chart.notes[#figure.chart.notes])
  end,

  ["figures are written as SVG, PDF and PNG"] = function()
    local figure = compt.figures.heat {
      rows = { "acceptability" }, columns = { "src0", "src1" }, values = { { 1.5, false } }, title = "a < b",
    }
    local path = os.tmpname()
    figure:save(path .. ".svg")
    assert(io.open(path .. ".svg"):read "a":find "a &lt; b")
    local drawn, why = pcall(figure.save, figure, path .. ".png")
    if drawn then
      assert(io.open(path .. ".png", "rb"):read(4) == "\137PNG")
      figure:save(path .. ".pdf", { width = "column", font = "serif" })
      local pdf = io.open(path .. ".pdf", "rb"):read "a"
      assert(pdf:find "^%%PDF" and pdf:find "DejaVuSerif" and pdf:find "/MediaBox %[0 0 238%.", pdf:match "/MediaBox[^%]]*")
      local ok, missing = pcall(figure.save, figure, path .. ".pdf", { font = "No Such Font" })
      assert(not ok and tostring(missing):find("No Such Font", 1, true), tostring(missing))
    else
      assert(tostring(why):find("feature `pictures`", 1, true), why)
    end
    assert(not pcall(figure.save, figure, path .. ".jpg"))
  end,

  ["box plots show the ANOVA"] = function()
    local figure = compt.figures.boxes {
      groups = { { name = "x", values = { 1, 2, 3 } }, { name = "y", values = { 11, 12, 13 } } },
    }
    assert(figure.chart.panels[1].note:find "F%(1, 4%) = 150.00, p < 0.001", figure.chart.panels[1].note)
    figure = compt.figures.boxes { groups = { { name = "x", values = { 1, 1 } }, { name = "y", values = { 2, 2 } } } }
    assert(figure.chart.panels[1].note:find "no ANOVA: .*no variance", figure.chart.panels[1].note)
  end,

  ["any numbers are drawn, in a terminal too"] = function()
    local x = torch.linspace(0, 6, 50)
    local text = tostring(compt.figures.plot(x:sin(), { x = x, title = "a wave", y_label = "sin" }))
    assert(text:find "^a wave\n" and text:find "⠁" and text:find "│" and text:find "0.5 ┤", text)
    local two = compt.figures.plot { loss = { 3, 0 / 0, 1 }, score = { 1, 2, 3 } }
    assert(#two.chart.panels[1].series == 2 and tostring(two):find "● loss   %+ score", tostring(two))
    assert(two:svg():find "^<svg" and not two:svg():find "nan")
    assert(tostring(compt.figures.plot {}):find "no values")
    local points = compt.figures.scatter({ 1, 2, 3 }, torch.tensor { 2, 4, 6 }, { by = { "a", "b", "a" } })
    assert(#points.chart.panels[1].series == 2 and #points.chart.panels[1].series[1].x == 2)
    assert(tostring(points):find "● a   %+ b" and points:svg():find "<circle")
    local heat = compt.figures.heat { rows = { "a" }, columns = { "b" }, values = { { 1 } }, title = "map" }
    assert(tostring(heat):find "^figure: map", tostring(heat))
    for part, call in pairs {
      ["x has 2 numbers, and the values 3"] = function() compt.figures.plot({ 1, 2, 3 }, { x = { 1, 2 } }) end,
      ["2 x, 1 y"] = function() compt.figures.scatter({ 1, 2 }, { 1 }) end,
      ['not "many"'] = function() compt.figures.histogram { 1, "many" } end,
      ["bins"] = function() compt.figures.histogram({ 1 }, { bins = 0 }) end,
    } do
      local ok, why = pcall(call)
      assert(not ok and tostring(why):find(part, 1, true), tostring(why))
    end
  end,

  ["histograms are those of numpy"] = function()
    -- numpy.histogram([1, 1, 2, 4, 4.5, 7, 9, 9, 10, 30], bins="auto") and bins=3.
    local values = { 1, 1, 2, 4, 4.5, 7, 9, 9, 10, 30 }
    local panel = compt.figures.histogram(values).chart.panels[1]
    assert(#panel.counts == 5 and table.concat(panel.counts, " ") == "5 4 0 0 1", table.concat(panel.counts, " "))
    assert(math.abs(panel.edges[2] - 6.8) < 1e-9)
    -- Many equal values and a few far ones: numpy 2.4 bounds the number of bins by the square root.
    local many = {}
    for i = 1, 190 do many[i] = 5 + i / 1000 end
    for i = 1, 10 do many[190 + i] = 100 * i end
    assert(#compt.figures.histogram(many).chart.panels[1].counts == 29)
    panel = compt.figures.histogram(values, { bins = 3 }).chart.panels[1]
    assert(table.concat(panel.counts, " ") == "9 0 1", table.concat(panel.counts, " "))
    panel = compt.figures.histogram({ 2, 2, 0 / 0 }).chart
    assert(panel.panels[1].counts[1] == 2 and panel.notes[1] == "1 of 3 values are not finite", panel.notes[1])
    for _, odd in ipairs { { 1e17, 1e17 }, { -1e308, 1e308 }, { 0, 5e-324 }, { 7 }, { 0, 1e-300 }, { -1e17, 1e17, 3 } } do
      for _, bins in ipairs { false, 1, 10 } do
        local counts, sum = compt.figures.histogram(odd, { bins = bins or nil }).chart.panels[1].counts, 0
        for _, count in ipairs(counts) do sum = sum + count end
        assert(sum == #odd, ("%s: %d"):format(table.concat(odd, " "), sum))
      end
    end
    local points = compt.figures.scatter({ 1, 0 / 0, 3 }, { 1, 2, 3 })
    assert(#points.chart.panels[1].series[1].x == 2 and points.chart.notes[1] == "1 of 3 points are not finite")
    assert(not pcall(points.text, points, 1.5) and not pcall(points.text, points, 1e9) and points:text(1000))
  end,

  ["joined figures have separate titles"] = function()
    local one = compt.figures.lines(runs(), { x = "shots", title = "one" })
    local both = compt.figures.beside { one, compt.figures.lines(runs(), { x = "shots", title = "two" }) }
    assert(both.chart.columns == 2 and both.chart.panels[2].title == "two" and one.chart.panels[1].title == "")
  end,

  ["panels of any kind are drawn from their descriptions"] = function()
    local bands = { kind = "bands", steps = 9, bands = { { name = "a", spans = { { from = 1, to = 9, word = "sum" } } } } }
    local figure = compt.figures.chart { title = "t", notes = { "a note" }, panels = { bands } }
    assert(figure:svg():find ">a note<" and figure:svg():find ">sum<")
    bands.bands[1].spans[1].to = 10
    local drawn, why = pcall(figure.svg, compt.figures.chart { panels = { bands } })
    assert(not drawn and tostring(why):find "panel 1: band \"a\" has \"sum\" in steps 1 to 10 of 1 to 9", why)
    drawn, why = pcall(function() return compt.figures.chart({ panels = { { kind = "pie" } } }):svg() end)
    assert(not drawn and tostring(why):find "unknown variant `pie`, expected one of `bands`", why)
  end,

  ["invalid arguments are errors"] = function()
    assert(not pcall(compt.figures.lines, runs(), { x = "method" }))
    assert(not pcall(compt.figures.heat, { rows = { "a" }, columns = { "b" }, values = { { 1, 2 } } }) or
      not pcall(function() return compt.figures.heat({ rows = { "a" }, columns = { "b" }, values = { { 1, 2 } } }):svg() end))
  end,

  ["curves are read from the records"] = function()
    local small = require "tests.lua.small"
    local trained = compt.ablate {
      name = "c", out = os.tmpname() .. "_grid", grid = { seed = { 1, 2 } },
      run = function(s) small.trainer({ steps = 4, seed = s.seed, progress = false }):run() end,
    }
    local series = compt.figures.curves(trained, { points = 2 }).chart.panels[1].series
    local ok, why = pcall(compt.figures.curves, trained, { value = "los" })
    assert(not ok and tostring(why):find("no run has recorded 'los' (did you mean 'loss'?); recorded are epoch, grad_norm, ", 1, true), tostring(why))
    assert(#series == 2 and #series[1].x == 2 and series[1].x[1] == 1.5)
  end,

  ["runs that differ in more than the seed have curves of their own"] = function()
    local small = require "tests.lua.small"
    local trained = compt.ablate {
      name = "c", out = os.tmpname() .. "_grid", settings = { method = "m" }, grid = { size = { 2, 4 }, seed = { 1, 2 } },
      run = function(s) small.trainer({ steps = 4, seed = s.seed, batch_size = s.size, progress = false }):run() end,
    }
    local series = compt.figures.curves(trained, { by = "method", points = 2 }).chart.panels[1].series
    assert(#series == 2 and series[1].name == "m, size 2" and series[2].name == "m, size 4", series[1].name)
  end,

  ["predicted texts by label, with recall and total accuracy"] = function()
    local runs_ = compt.ablate {
      name = "p", out = os.tmpname() .. "_grid", grid = { seed = { 1 } },
      run = function(s)
        local t = compt.trainer {
          backbone = compt.backbone "micro", steps = 2, progress = false, method = compt.methods.ssum { length = 2 },
          tasks = compt.tasks("micro", { tasks = { "nli3" }, shots = 2, max_test = 9, seed = s.seed }),
        }
        t:run()
        local result = t:evaluate("test", { decoding = "full" })
        t:evaluate "test"
        local texts = {}
        for i, row in ipairs(result.predictions.nli3) do texts[i] = row.label .. " <- " .. row.prediction end
        local right = 0
        for _, row in ipairs(result.predictions.nli3) do right = right + (row.label == row.prediction and 1 or 0) end
        return { average = result.average, right = right, texts = table.concat(texts, "\n") .. "\n" }
      end,
    }
    assert(compt.report.answered_tasks(runs_[1])[1] == "nli3")
    local full = { task = "nli3", look = "test.decoding-full" }
    local t = assert(compt.report.confusion(runs_, full))
    local right, rows, unlike = 0, 0, 0
    for i, row in ipairs(t.rows) do
      for j, column in ipairs(t.columns) do
        local count = row[1] ~= "recall" and t.cells[i][j].mean or 0
        local line = column[1] .. " <- " .. (row[1] == "(empty)" and "" or row[1]) .. "\n"
        if count > 0 then assert(select(2, runs_[1].values.texts:gsub(line:gsub("%p", "%%%0"), "")) == count, line) end
        rows = rows + count
        if column[1] == row[1] then right = right + count end
        if i > 3 then unlike = unlike + count end
      end
    end
    assert(#t.rows > 5, "no prompt that is hardly trained predicts labels only")
    local cut = assert(compt.report.confusion(runs_, { task = "nli3", look = full.look, limit = 0 }))
    assert(#cut.rows == 5 and cut.rows[4][1] == ("(%d other texts)"):format(#t.rows - 4), cut.rows[4][1])
    assert(cut.cells[4][1].mean + cut.cells[4][2].mean + cut.cells[4][3].mean == unlike)
    local brief = assert(compt.report.confusion(runs_, { task = "nli3" }))
    assert(#t.notes == 1 and brief.notes[2]:find 'decoding = "full"')
    assert(rows == 9 and right == runs_[1].values.right)
    local accuracy = t.cells[#t.rows][#t.columns].mean
    assert(math.abs(accuracy - 100 * right / rows) < 1e-9)
    assert(compt.report.confusion(runs_, { task = "nli3", look = "test.only-src0" }) == nil)
  end,
}
