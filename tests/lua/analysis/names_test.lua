--- Names that mean something to a format, and names that the user gives.
local compt = require "compt"

local LONG = ("x"):rep(199)
local NAMES = {
  [[quote " and ']], "brackets [a] {b} (c)", "$x$ 5% a_b c&d #1 ~e ^f", [[back\slash]], "<script>alert(1)</script>", "a|b `c` *d*",
  "line\nbreak", "emoji 👩‍🔬 é", "שלום עולם", "=SUM(A1)", LONG .. "1", LONG .. "2", "a--b ``c''", "[first", "{}",
}

--- A run for each name.
local function named()
  return compt.ablate {
    name = "t", out = os.tmpname() .. "_grid", grid = { method = NAMES },
    run = function(s) return { average = #s.method } end,
  }
end

--- The cells of CSV by RFC 4180.
local function cells_of(text)
  local rows, row, cell, inside, i = {}, {}, "", false, 1
  while i <= #text do
    local c = text:sub(i, i)
    if c == '"' and inside and text:sub(i + 1, i + 1) == '"' then
      cell, i = cell .. '"', i + 1
    elseif c == '"' then
      inside = not inside
    elseif not inside and (c == "," or c == "\n") then
      row[#row + 1], cell = cell, ""
      if c == "\n" then rows[#rows + 1], row = row, {} end
    else
      cell = cell .. c
    end
    i = i + 1
  end
  return rows
end

--- Whether LaTeX text has no special character but in a command: braces and dollars in pairs, `&` between cells only.
local function is_sound(line, cells)
  local bare = line:gsub("\\[a-z]*char34{}", ""):gsub("\\text%a+{}", ""):gsub("\\ldots{}", ""):gsub("\\textbf(%b{})", "%1")
    :gsub("\\%[&%%$#_{}]", ""):gsub("\\[&%%$#_{}]", ""):gsub("%$%^{%**}%$", ""):gsub("%$\\pm%$", ""):gsub("%$[<>|-]%$", "")
  bare = bare:gsub("{}", ""):gsub(" \\\\$", "")
  local _, found = bare:gsub("&", "")
  return found == cells - 1 and not bare:find "[\\$#%%_~^]", bare
end

return {
  ["names survive in CSV"] = function()
    local t = compt.report.table(named(), { rows = "method" })
    local rows = cells_of(t:csv { raw = true } .. "\n")
    local found = {}
    for i = 2, #rows do found[rows[i][1]] = true end
    -- Keys have one line.
    for _, name in ipairs(NAMES) do assert(found[(name:gsub("\n", " "))], name) end
  end,

  ["names stand for themselves in LaTeX"] = function()
    local tex = compt.report.table(named(), { rows = "method" }):latex()
    local body = tex:match "\\midrule\n(.*)\n\\bottomrule"
    local count = 0
    for line in body:gmatch "[^\n]+" do
      count = count + 1
      local sound, rest = is_sound(line, 2)
      assert(sound, line .. "\n" .. rest)
    end
    assert(count == #NAMES, tex)
    for _, text in ipairs {
      "\\$x\\$ 5\\% a\\_b c\\&d \\#1 \\textasciitilde{}e \\textasciicircum{}f", "back\\textbackslash{}slash", "$<$script$>$",
      "a-{}-b `{}`c'{}'", "\n{}[first ", "\\{\\}", "quote \\char34{} and '",
    } do
      assert(tex:find(text, 1, true), text .. "\n" .. tex)
    end
    assert(tex:find("^%% Set this with XeLaTeX or LuaLaTeX"), "pdfLaTeX has no emoji")
  end,

  ["names stand for themselves in Markdown, HTML and the terminal"] = function()
    local t = compt.report.table(named(), { rows = "method" })
    local lines = 0
    for line in t:markdown():gmatch "[^\n]+" do
      if line:find "^|" then
        lines = lines + 1
        local _, bars = line:gsub("\\.", ""):gsub("|", "")
        assert(bars == 3, line)
      end
    end
    assert(lines == #NAMES + 2 and t:markdown():find("\\<script\\>alert", 1, true))
    assert(t:html():find("&lt;script&gt;alert(1)&lt;/script&gt;", 1, true) and not t:html():find("<script", 1, true))
    assert(t:html():find('<th dir="auto">שלום עולם</th>', 1, true))
    local text = tostring(t)
    local _, breaks = text:gsub("\n", "")
    assert(breaks == #NAMES + 1, text)
    -- Aligned although the woman with a microscope is as wide as two emoji.
    assert(text:find("emoji 👩‍🔬 é ", 1, true))
  end,

  ["long names are cut, and stay different"] = function()
    local text = tostring(compt.report.table(named(), { rows = "method" }))
    local ends = ("x"):rep(27) .. "…" .. ("x"):rep(11)
    assert(text:find(ends .. "1 ", 1, true) and text:find(ends .. "2 ", 1, true), text)
    assert(text:find("…: a name of more than 40 characters", 1, true))
    local runs = compt.ablate {
      name = "t", out = os.tmpname() .. "_grid", grid = { method = { "short", ("é"):rep(60) } },
      run = function() return { average = 1 } end,
    }
    assert(tostring(compt.report.table(runs)):find(("é"):rep(39) .. "… ", 1, true))
  end,

  ["rows and columns have the names and the order that are given"] = function()
    local runs = compt.ablate {
      name = "t", out = os.tmpname() .. "_grid", grid = { method = { "pt", "mcat", "ssum" }, shots = { 8, 16 }, seed = { 1, 2 } },
      run = function(s) return { average = s.shots + s.seed + (s.method == "ssum" and s.seed or 0) } end,
    }
    local t = compt.report.table(runs, {
      rows = "method", columns = "shots", baseline = "pt", order = { "ssum", "pt", 16 },
      names = { ssum = "SSUM", pt = "PT & co", method = "Method", [16] = "16 shots", other = "of another table" },
    })
    local rows = {}
    for i, key in ipairs(t.rows) do rows[i] = key[1] end
    assert(table.concat(rows, ",") == "SSUM,PT & co,mcat" and t.columns[1][1] == "16 shots" and t.columns[2][1] == "8", tostring(t))
    assert(t.row_names[1] == "Method" and t.baseline == "PT & co" and tostring(t):find("Difference from PT & co", 1, true))
    assert(t:latex():find("PT \\& co & ", 1, true))
    local ok, message = pcall(compt.report.table, runs, { rows = "method", names = { ssum = "X", pt = "X" }, columns = "shots" })
    assert(not ok and tostring(message):find("gives two rows or columns the name \"X\"", 1, true), tostring(message))
    assert(not pcall(compt.report.table, runs, { names = { ssum = 1 } }) and not pcall(compt.report.table, runs, { order = "ssum" }))
  end,

  ["a LaTeX table has a caption and a label"] = function()
    local runs = compt.ablate {
      name = "t", out = os.tmpname() .. "_grid", grid = { method = { "a", "b" }, seed = { 1, 2 } },
      run = function(s) return { average = s.seed - 5 } end,
    }
    local t = compt.report.table(runs, { title = "Title" })
    assert(t:latex():find("\\caption{Title. 4 runs, 2 seeds (1, 2); mean $\\pm$ standard deviation over seeds.}\n\\end{table}", 1, true), t:latex())
    assert(t:latex():find("a & $-$3.5 $\\pm$ 0.7 \\\\", 1, true), t:latex())
    local tex = t:latex { caption = "50 % of $x$", label = "tab:main_1" }
    assert(tex:find("{\\footnotesize 4 runs, ", 1, true) and tex:find("\\caption{50 \\% of \\$x\\$}\n\\label{tab:main_1}\n\\end{table}", 1, true), tex)
    tex = t:latex { caption = "See \\cref{a}", raw = true, notes = false }
    assert(tex:find("\\caption{See \\cref{a}}", 1, true) and not tex:find("4 runs", 1, true), tex)
    for _, wrong in ipairs { { label = "a}b" }, { label = "" }, { raw = true }, { captoin = "x" } } do
      assert(not pcall(t.latex, t, wrong))
    end
    local path = os.tmpname()
    t:save(path .. ".tex", { caption = "C", label = "tab:c" })
    assert(io.open(path .. ".tex"):read "a" == t:latex { caption = "C", label = "tab:c" } .. "\n")
    local ok, message = pcall(t.save, t, path .. ".md", { caption = "C" })
    assert(not ok and tostring(message):find("unknown option 'caption'", 1, true), tostring(message))
  end,
}
