--- A table of results as text, Markdown, LaTeX, CSV, JSON and HTML.
local aligned = require "compt.analysis.aligned"
local arguments = require "compt.arguments"
local library = require "compt.library"

local formats = {}

--- The cell of a row and a column.
---@param t compt.ResultTable
---@param i integer
---@param j integer
---@return compt.TableCell
function formats.at(t, i, j)
  local row = t.cells[i] --[[@as table<integer, compt.TableCell>]]
  return row[j]
end

--- The stars of a p value.
---@param p number?
local function stars(p)
  if not p or p >= 0.05 then return "" end
  return p < 0.01 and "**" or "*"
end

--- `92.4 ± 0.6`, with the number of runs if some are missing; a dash if all are.
---@param cell compt.TableCell
---@return string
local function plain(t, cell, plus_minus)
  if cell.text then return cell.text end
  if not cell.mean then return "–" end
  local text = ("%." .. t.digits .. "f"):format(cell.mean)
  if cell.sd then text = text .. plus_minus .. ("%." .. t.digits .. "f"):format(cell.sd) end
  if cell.n < cell.expected then text = text .. (" (n=%d)"):format(cell.n) end
  return text
end

--- Longer names are truncated in text output.
local LONGEST = 40

---@param text string
local function short(text)
  local cut = utf8.len(text) and utf8.offset(text, LONGEST + 1)
  return cut and text:sub(1, cut - 1) .. "…" or text
end

--- Text in one line: control characters and line separators become spaces.
---@param text string
local function in_line(text)
  return (text:gsub("%c", " "):gsub("\xc2[\x80-\x9f]", " "):gsub("\xe2\x80[\xa8\xa9]", " "))
end

---@param key any[]
local function label(key, names)
  if #key == 0 or (#key == 1 and key[1] == "") then return "value" end
  local parts = {}
  for i, part in ipairs(key) do
    parts[i] = (#names > 1 and names[i] ~= "task" and names[i] .. " " or "") .. short(tostring(part))
  end
  return table.concat(parts, ", ")
end

--- The lines of the table; `show(cell)` is a cell's text.
---@param t compt.ResultTable
---@return string[][]
local function lines_of(t, show)
  local head = {}
  for i, name in ipairs(t.row_names) do head[i] = name end
  for _, key in ipairs(t.columns) do head[#head + 1] = label(key, t.column_names) end
  local lines = { head }
  for i, key in ipairs(t.rows) do
    local line = {}
    for k, part in ipairs(key) do
      local above = t.rows[i - 1] or {}
      local same = k < #key
      for before = 1, k do same = same and above[before] == key[before] end
      line[k] = same and "" or short(tostring(part))
    end
    for j = 1, #t.columns do line[#line + 1] = show(formats.at(t, i, j)) end
    lines[#lines + 1] = line
  end
  return lines
end

--- The differences from the baseline with their confidence intervals, in rows and columns as those of the table: its
--- title, and its lines. nil if they are not shown or there are none.
---@param t compt.ResultTable
---@return string?, string[][]
local function effects_of(t)
  if not t.effects then return nil, {} end
  local some, digits, rows, by_row = false, t.digits, {}, {}
  local one, interval = "%+." .. digits .. "f", " [%." .. digits .. "f, %." .. digits .. "f]"
  for i, key in ipairs(t.rows) do
    local compared = false
    for j = 1, #t.columns do compared = compared or formats.at(t, i, j).effect ~= nil end
    if compared then rows[#rows + 1], by_row[#by_row + 1], some = key, t.cells[i], true end
  end
  if not some then return nil, {} end
  local shown = setmetatable({ rows = rows, cells = by_row }, { __index = t })
  return ("Difference from %s [95 %% confidence interval]"):format(t.baseline), lines_of(shown, function(cell)
    if not cell.effect then return "–" end
    local text = one:format(cell.effect)
    if cell.low then text = text .. interval:format(cell.low, cell.high) end
    return text .. stars(cell.p)
  end)
end

--- The notes in one line, with the meaning of bold.
---@param t compt.ResultTable
---@return string
local function noted(t)
  local notes, best = table.concat(t.notes, "; "), false
  for i = 1, #t.rows do
    for j = 1, #t.columns do best = best or formats.at(t, i, j).best == true end
  end
  return best and notes .. "; bold: best" or notes
end

---@param t compt.ResultTable
---@return string
function formats.text(t)
  local best = false
  local lines = lines_of(t, function(cell)
    best = best or cell.best
    return plain(t, cell, " ± ") .. stars(cell.p) .. (cell.best and "^" or "")
  end)
  local function shown(part)
    for _, line in ipairs(part) do
      for k, cell in ipairs(line) do line[k] = library.plain(cell) end
    end
    return aligned(part)
  end
  local out = { shown(lines) }
  if t.title then table.insert(out, 1, library.plain(t.title)) end
  local heading, effects = effects_of(t)
  if heading then
    out[#out + 1] = library.plain(heading)
    out[#out + 1] = shown(effects)
  end
  local notes = library.plain(table.concat(t.notes, "; "))
  out[#out + 1] = best and notes .. "; ^ best" or notes
  for _, warning in ipairs(t.warnings) do out[#out + 1] = "warning: " .. library.plain(warning) end
  return table.concat(out, "\n")
end

--- Escapes text for Markdown, in one line.
---@param text string
local function md(text) return (in_line(text):gsub("[\\`*_%[%]<>|~&$#]", "\\%0")) end

--- A table in Markdown; cells are escaped, names are not yet.
---@param lines string[][]
---@param names integer -- number of columns with names
local function md_table(lines, names)
  local out = {}
  for i, line in ipairs(lines) do
    for k = 1, i == 1 and #line or names do line[k] = md(line[k] or "") end
    out[#out + 1] = "| " .. table.concat(line, " | ") .. " |"
    if i == 1 then
      local rule = {}
      for k = 1, #line do rule[k] = k <= names and "---" or "---:" end
      out[#out + 1] = "| " .. table.concat(rule, " | ") .. " |"
    end
  end
  return table.concat(out, "\n")
end

--- Escapes the cells of all lines below the first, apart from names.
---@param lines string[][]
---@param names integer
---@param escape fun(text: string): string
local function escaped(lines, names, escape)
  for i = 2, #lines do
    for k = names + 1, #lines[i] do lines[i][k] = escape(lines[i][k]) end
  end
  return lines
end

---@param t compt.ResultTable
---@return string
function formats.markdown(t)
  local lines = lines_of(t, function(cell)
    local text = md(plain(t, cell, " ± "))
    return (cell.best and ("**%s**"):format(text) or text) .. md(stars(cell.p))
  end)
  local names = #t.row_names
  local out = { md_table(lines, names) }
  local heading, effects = effects_of(t)
  if heading then out[#out + 1] = ("\n%s:\n\n%s"):format(md(heading), md_table(escaped(effects, names, md), names)) end
  out[#out + 1] = "\n" .. md(noted(t)) .. "."
  for _, warning in ipairs(t.warnings) do out[#out + 1] = "\nWarning: " .. md(warning) end
  if t.title then table.insert(out, 1, ("**%s**\n"):format(md(t.title))) end
  return table.concat(out, "\n")
end

local TEX = {
  ["\\"] = "\\textbackslash{}", ["{"] = "\\{", ["}"] = "\\}", ["&"] = "\\&", ["%"] = "\\%", ["$"] = "\\$",
  ["#"] = "\\#", ["_"] = "\\_", ["~"] = "\\textasciitilde{}", ["^"] = "\\textasciicircum{}",
}

--- Escapes text for LaTeX, in one line.
---@param text string
local function tex(text) return (in_line(text):gsub("[\\{}&%%$#_~^]", TEX):gsub("±", "$\\pm$"):gsub("–", "--"):gsub("[<>|]", "$%0$"):gsub("…", "\\ldots{}")) end

--- A tabular with the rules of booktabs; cells are escaped, names are not yet.
---@param lines string[][]
---@param names integer -- number of columns with names
---@return string
local function tabular(lines, names)
  local out = { ("\\begin{tabular}{%s%s}"):format(("l"):rep(names), ("r"):rep(#lines[1] - names)), "\\toprule" }
  for i, line in ipairs(lines) do
    for k = 1, i == 1 and #line or names do line[k] = tex(line[k] or "") end
    local first = line[1] or ""
    if i > 2 and names > 1 and first ~= "" then out[#out + 1] = "\\midrule" end
    -- LaTeX would read a star or a bracket as an argument of the previous line.
    if first:find "^[%*%[]" then line[1] = "{}" .. first end
    out[#out + 1] = table.concat(line, " & ") .. " \\\\"
    if i == 1 then out[#out + 1] = "\\midrule" end
  end
  out[#out + 1] = "\\bottomrule"
  out[#out + 1] = "\\end{tabular}"
  return table.concat(out, "\n")
end

--- booktabs: `\usepackage{booktabs}`.
---@param t compt.ResultTable
---@return string
function formats.latex(t)
  local lines = lines_of(t, function(cell)
    local text = tex(plain(t, cell, " ± "))
    local mark = stars(cell.p)
    return (cell.best and ("\\textbf{%s}"):format(text) or text) .. (mark ~= "" and ("$^{%s}$"):format(mark) or "")
  end)
  local names = #t.row_names
  local out = { "\\begin{table}", "\\centering", tabular(lines, names) }
  local heading, effects = effects_of(t)
  if heading then
    local function superscript(text)
      local mark = text:match "%**$" or ""
      return tex(text:sub(1, #text - #mark)) .. (mark ~= "" and ("$^{%s}$"):format(mark) or "")
    end
    out[#out + 1] = ("\n\\medskip\n%s\n\n%s"):format(tex(heading), tabular(escaped(effects, names, superscript), names))
  end
  local notes = tex(noted(t))
  out[#out + 1] = ("\\caption{%s%s.}"):format(t.title and tex(t.title) .. ". " or "", notes)
  out[#out + 1] = "\\end{table}"
  for _, warning in ipairs(t.warnings) do table.insert(out, 1, "% Warning: " .. in_line(warning)) end
  return table.concat(out, "\n")
end

--- Numbers of a cell in CSV and JSON.
local NUMBERS = { "mean", "sd", "n", "expected", "best", "p", "effect", "low", "high", "test" }

--- Long format: one line per cell.
---@param t compt.ResultTable
---@return table<string, any>[]
local function tidy(t)
  local list = {}
  for i, row in ipairs(t.rows) do
    for j, column in ipairs(t.columns) do
      local cell, one = formats.at(t, i, j), {}
      for k, name in ipairs(t.row_names) do one[name] = row[k] end
      for k, name in ipairs(t.column_names) do one[name] = column[k] end
      for _, name in ipairs(NUMBERS) do one[name] = cell[name] end
      list[#list + 1] = one
    end
  end
  return list
end

--- A cell of CSV. A text that a spreadsheet would run as a formula begins with `'`, unless `raw`
--- (https://owasp.org/www-community/attacks/CSV_Injection).
---@param value any
---@param raw boolean?
local function quoted(value, raw)
  if value == nil then return "" end
  local text = tostring(value)
  local runs = type(value) == "string" and text:find "^[=+%-@\t\r\n]" and not tonumber(text)
  if runs and not raw then text = "'" .. text end
  return text:find '[",\t\r\n]' and '"' .. text:gsub('"', '""') .. '"' or text
end

local CSV = { { "raw", arguments.flag, false } }

---@param t compt.ResultTable
---@param options { raw?: boolean }?
---@return string
function formats.csv(t, options)
  local raw = arguments.options("table:csv", options, CSV).raw
  local head = {}
  for _, names in ipairs { t.row_names, t.column_names, NUMBERS } do
    for _, name in ipairs(names) do head[#head + 1] = name end
  end
  local names = {}
  for k, name in ipairs(head) do names[k] = quoted(name, raw) end
  local out = { table.concat(names, ",") }
  for _, one in ipairs(tidy(t)) do
    local line = {}
    for k, name in ipairs(head) do line[k] = quoted(one[name], raw) end
    out[#out + 1] = table.concat(line, ",")
  end
  return table.concat(out, "\n")
end

---@param t compt.ResultTable
---@return string
function formats.json(t)
  return library.json { title = t.title, cells = tidy(t), notes = t.notes, warnings = t.warnings }
end

local HTML = { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;", ['"'] = "&quot;" }

--- Escapes text for HTML.
function formats.escape(text) return (tostring(text):gsub('[<>&"]', HTML)) end

---@param lines string[][]
---@param names integer -- number of columns with names
---@param title string?
---@return string
local function html_table(lines, names, title)
  local escape, out = formats.escape, { "<table class=\"result\">" }
  if title then out[#out + 1] = ("<caption>%s</caption>"):format(escape(title)) end
  for i, line in ipairs(lines) do
    local row = {}
    for k, cell in ipairs(line) do
      local kind = (i == 1 or k <= names) and "th" or "td"
      row[k] = ("<%s>%s</%s>"):format(kind, kind == "th" and escape(cell) or cell, kind)
    end
    out[#out + 1] = "<tr>" .. table.concat(row) .. "</tr>"
  end
  out[#out + 1] = "</table>"
  return table.concat(out, "\n")
end

---@param t compt.ResultTable
---@return string
function formats.html(t)
  local escape, names = formats.escape, #t.row_names
  local lines = lines_of(t, function(cell)
    local text = escape(plain(t, cell, " ± "))
    if cell.best then text = ("<b>%s</b>"):format(text) end
    local mark = stars(cell.p)
    return mark == "" and text or ("%s<sup title=\"p = %.3g\">%s</sup>"):format(text, cell.p, mark)
  end)
  local out = { html_table(lines, names, t.title) }
  local heading, effects = effects_of(t)
  if heading then out[#out + 1] = html_table(escaped(effects, names, escape), names, heading) end
  out[#out + 1] = ("<p class=\"note\">%s</p>"):format(escape(noted(t)))
  for _, warning in ipairs(t.warnings) do
    out[#out + 1] = ("<div class=\"warning\">%s</div>"):format(escape(warning))
  end
  return table.concat(out, "\n")
end

return formats
