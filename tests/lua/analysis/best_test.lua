--- Which rows of a table compete for the best mean of a column.
local compt = require "compt"

--- Runs of a grid with these values, whose average is that of a function.
local function grid(values, average)
  return compt.ablate {
    name = "t", out = os.tmpname() .. "_grid", grid = values,
    run = function(s)
      local found = average(s)
      return { average = found, scores = { a = { accuracy = found }, b = { accuracy = found + 1 } } }
    end,
  }
end

--- The marked rows of each column, as `pt 8, ssum 16; ...`.
local function marked(t)
  local columns = {}
  for j = 1, #t.columns do
    local rows = {}
    for i, key in ipairs(t.rows) do
      if t.cells[i][j].best then rows[#rows + 1] = table.concat(key, " ") end
    end
    columns[j] = table.concat(rows, ", ")
  end
  return table.concat(columns, "; ")
end

local function says(t, text)
  for _, form in ipairs { tostring(t), t:html() } do assert(form:find(text, 1, true), form) end
end

local function both() return { method = { "pt", "ssum" }, shots = { 8, 16 }, seed = { 1, 2 } } end
local function score(s) return (s.method == "ssum" and 10 or 0) + s.shots + s.seed end

return {
  ["methods with the same shots compete, in the automatic table, too"] = function()
    local runs = grid(both(), score)
    local automatic = compt.report.table(runs)
    assert(table.concat(automatic.row_names, " ") == "method shots")
    assert(marked(automatic) == "ssum 8, ssum 16; ssum 8, ssum 16; ssum 8, ssum 16", marked(automatic))
    says(automatic, "best of the rows with the same shots")
    assert(marked(compt.report.table(runs, { rows = { "shots", "method" } })) == "8 ssum, 16 ssum")
  end,

  ["methods in rows compete in each column of shots"] = function()
    local t = compt.report.table(grid(both(), score), { rows = "method", columns = "shots" })
    assert(marked(t) == "ssum; ssum", marked(t))
    says(t, ": best")
    assert(not tostring(t):find("with the same", 1, true), tostring(t))
  end,

  ["shots in rows do not compete beside methods in columns"] = function()
    local t = compt.report.table(grid(both(), score), { rows = "shots", columns = "method" })
    assert(marked(t) == "; ", marked(t))
    says(t, "no best in 2 columns: the rows differ in their shots")
    assert(not tostring(t):find("^ best", 1, true) and not t:html():find("bold", 1, true), "no mark, no explanation")
  end,

  ["shots that alone vary compete"] = function()
    local t = compt.report.table(grid({ shots = { 8, 16, 32 }, seed = { 1, 2 } }, function(s) return s.shots + s.seed end))
    assert(table.concat(t.row_names, " ") == "shots" and marked(t) == "32; 32; 32", tostring(t))
    says(t, ": best")
  end,

  ["two conditions and nothing else do not compete"] = function()
    local t = compt.report.table(grid({ shots = { 8, 16 }, epochs = { 1, 2 } }, function(s) return s.shots + s.epochs end))
    assert(marked(t) == "; ; ", marked(t))
    says(t, "no best in 3 columns: the rows differ in their epochs and shots")
  end,

  ["rates compete"] = function()
    local t = compt.report.table(grid({ lr = { 0.1, 0.3 }, seed = { 1, 2 } }, function(s) return s.seed - s.lr end))
    assert(marked(t) == "0.1; 0.1; 0.1", marked(t))
    local lowest = compt.report.table(grid({ lr = { 0.1, 0.3 } }, function(s) return s.lr end), { best = "min" })
    assert(marked(lowest) == "0.1; 0.1; 0.1")
    says(lowest, ": best (lowest)")
    -- Rates of several methods are one field.
    local values = { method = { "pt", "ssum" }, lr = { 0.1, 0.3 }, shots = { 8, 16 } }
    local all = compt.report.table(grid(values, function(s) return score { method = s.method, shots = s.shots, seed = -s.lr } end))
    assert(marked(all) == ("ssum 0.1 8, ssum 0.1 16; "):rep(3):sub(1, -3), marked(all))
  end,

  ["seeds and tasks never compete"] = function()
    local t = compt.report.table(grid({ seed = { 1, 2 } }, function(s) return s.seed end), { rows = "seed" })
    assert(marked(t) == "", marked(t))
    says(t, "no best in 1 column: the rows differ in their seed")
    local tasks = compt.report.table(grid(both(), score), { rows = { "method", "task" }, columns = "shots" })
    assert(marked(tasks) == ("ssum a, ssum b, ssum average; "):rep(2):sub(1, -3), marked(tasks))
    says(tasks, "best of the rows with the same task")
  end,

  ["one row, equal means and NaN have no mark"] = function()
    assert(marked(compt.report.table(grid({ method = { "pt" }, seed = { 1, 2 } }, function(s) return s.seed end))) == "; ; ")
    assert(marked(compt.report.table(grid({ method = { "pt", "ssum" } }, function() return 5 end), { rows = "method" })) == "")
    local runs = grid({ method = { "a", "b", "c" } }, function() return 1 end)
    local t = compt.report.table(runs, {
      rows = "method", value = function(run) return ({ a = 0 / 0, b = 3, c = 2 })[run.settings.method] end,
    })
    assert(marked(t) == "b", marked(t))
    assert(tostring(t):find "a%s+NaN\n" and tostring(t):find("NaN: some value is not a number", 1, true), tostring(t))
    assert(t:csv():find("\na,NaN,", 1, true), t:csv())
  end,

  ["a budget that no row names is a condition, too"] = function()
    local runs = compt.ablate {
      name = "t", out = os.tmpname() .. "_grid", run = function(s) return { average = s.epochs } end,
      list = { { method = "pt", epochs = 10 }, { method = "ssum", epochs = 20 } },
    }
    local t = compt.report.table(runs)
    assert(table.concat(t.row_names, " ") == "method" and marked(t) == "", tostring(t))
    says(t, "no best in 1 column: the rows differ in their epochs")
  end,
}
