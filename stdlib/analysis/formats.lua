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
  for _, line in ipairs(lines) do
    for k, cell in ipairs(line) do line[k] = library.plain(cell) end
  end
  local out = { aligned(lines) }
  if t.title then table.insert(out, 1, library.plain(t.title)) end
  local notes = library.plain(table.concat(t.notes, "; "))
  out[#out + 1] = best and notes .. "; ^ best" or notes
  for _, warning in ipairs(t.warnings) do out[#out + 1] = "warning: " .. library.plain(warning) end
  return table.concat(out, "\n")
end

--- Escapes text for Markdown, in one line.
---@param text string
local function md(text) return (in_line(text):gsub("[\\`*_%[%]<>|~&$#]", "\\%0")) end

---@param t compt.ResultTable
---@return string
function formats.markdown(t)
  local lines = lines_of(t, function(cell)
    local text = md(plain(t, cell, " ± "))
    return (cell.best and ("**%s**"):format(text) or text) .. md(stars(cell.p))
  end)
  local out = {}
  for i, line in ipairs(lines) do
    for k = 1, i == 1 and #line or #t.row_names do line[k] = md(line[k]) end
    out[#out + 1] = "| " .. table.concat(line, " | ") .. " |"
    if i == 1 then
      local rule = {}
      for k = 1, #line do rule[k] = k <= #t.row_names and "---" or "---:" end
      out[#out + 1] = "| " .. table.concat(rule, " | ") .. " |"
    end
  end
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

--- booktabs: `\usepackage{booktabs}`.
---@param t compt.ResultTable
---@return string
function formats.latex(t)
  local lines = lines_of(t, function(cell)
    local text = tex(plain(t, cell, " ± "))
    local mark = stars(cell.p)
    return (cell.best and ("\\textbf{%s}"):format(text) or text) .. (mark ~= "" and ("$^{%s}$"):format(mark) or "")
  end)
  local out = {
    "\\begin{table}", "\\centering",
    ("\\begin{tabular}{%s%s}"):format(("l"):rep(#t.row_names), ("r"):rep(#t.columns)), "\\toprule",
  }
  for i, line in ipairs(lines) do
    for k = 1, i == 1 and #line or #t.row_names do line[k] = tex(line[k]) end
    local begins = i > 2 and #t.row_names > 1 and line[1] ~= ""
    if begins then out[#out + 1] = "\\midrule" end
    -- LaTeX would read a star or a bracket as an argument of the previous line.
    if line[1]:find "^[%*%[]" then line[1] = "{}" .. line[1] end
    out[#out + 1] = table.concat(line, " & ") .. " \\\\"
    if i == 1 then out[#out + 1] = "\\midrule" end
  end
  out[#out + 1] = "\\bottomrule"
  out[#out + 1] = "\\end{tabular}"
  local notes = tex(noted(t))
  out[#out + 1] = ("\\caption{%s%s.}"):format(t.title and tex(t.title) .. ". " or "", notes)
  out[#out + 1] = "\\end{table}"
  for _, warning in ipairs(t.warnings) do table.insert(out, 1, "% Warning: " .. in_line(warning)) end
  return table.concat(out, "\n")
end

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
      one.mean, one.sd, one.n, one.expected, one.best, one.p = cell.mean, cell.sd, cell.n, cell.expected, cell.best, cell.p
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
  for _, names in ipairs { t.row_names, t.column_names, { "mean", "sd", "n", "expected", "best", "p" } } do
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

---@param t compt.ResultTable
---@return string
function formats.html(t)
  local escape = formats.escape
  local lines = lines_of(t, function(cell)
    local text = escape(plain(t, cell, " ± "))
    if cell.best then text = ("<b>%s</b>"):format(text) end
    local mark = stars(cell.p)
    return mark == "" and text or ("%s<sup title=\"p = %.3g\">%s</sup>"):format(text, cell.p, mark)
  end)
  local out = { "<table class=\"result\">" }
  if t.title then out[#out + 1] = ("<caption>%s</caption>"):format(escape(t.title)) end
  for i, line in ipairs(lines) do
    local row = {}
    for k, cell in ipairs(line) do
      local kind = (i == 1 or k <= #t.row_names) and "th" or "td"
      row[k] = ("<%s>%s</%s>"):format(kind, kind == "th" and escape(cell) or cell, kind)
    end
    out[#out + 1] = "<tr>" .. table.concat(row) .. "</tr>"
  end
  out[#out + 1] = "</table>"
  out[#out + 1] = ("<p class=\"note\">%s</p>"):format(escape(noted(t)))
  for _, warning in ipairs(t.warnings) do
    out[#out + 1] = ("<div class=\"warning\">%s</div>"):format(escape(warning))
  end
  return table.concat(out, "\n")
end

return formats
