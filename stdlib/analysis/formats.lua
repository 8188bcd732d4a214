--- A table of results as text, Markdown, LaTeX, CSV, JSON and HTML.
local aligned = require "compt.analysis.aligned"
local arguments = require "compt.arguments"
local latex = require "compt.analysis.latex"
local library = require "compt.library"
local shown = require "compt.analysis.shown"

local formats = {}

formats.latex = latex.table

---@param t compt.ResultTable
---@return string
function formats.text(t, options)
  arguments.options("table:save", options, {})
  local function in_columns(lines)
    for _, line in ipairs(lines) do
      for k, cell in ipairs(line) do line[k] = library.plain(cell) end
    end
    return aligned(lines)
  end
  local out = {
    in_columns(shown.lines(t, function(cell)
      return shown.value(t, cell) .. shown.stars(cell.p) .. (cell.best and "^" or "")
    end)),
  }
  if t.title then table.insert(out, 1, library.plain(t.title)) end
  local heading, effects = shown.effects(t, function(cell, text) return text .. shown.stars(cell.p) end)
  if heading then
    out[#out + 1] = library.plain(heading)
    out[#out + 1] = in_columns(effects)
  end
  local notes = shown.notes(t, "^")
  if notes ~= "" then out[#out + 1] = library.plain(notes) end
  for _, warning in ipairs(t.warnings) do out[#out + 1] = "warning: " .. library.plain(warning) end
  return table.concat(out, "\n")
end

--- Escapes text for Markdown, in one line.
---@param text string
local function md(text) return (shown.in_line(text):gsub("[\\`*_%[%]<>|~&$#]", "\\%0")) end

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

---@param t compt.ResultTable
---@return string
function formats.markdown(t, options)
  arguments.options("table:save", options, {})
  local lines = shown.lines(t, function(cell)
    local text = md(shown.value(t, cell))
    return (cell.best and ("**%s**"):format(text) or text) .. md(shown.stars(cell.p))
  end)
  local names = #t.row_names
  local out = { md_table(lines, names) }
  if t.title then table.insert(out, 1, ("**%s**\n"):format(md(t.title))) end
  local heading, effects = shown.effects(t, function(cell, text) return md(text .. shown.stars(cell.p)) end)
  if heading then out[#out + 1] = ("\n%s:\n\n%s"):format(md(heading), md_table(effects, names)) end
  local notes = shown.notes(t, "bold")
  if notes ~= "" then out[#out + 1] = "\n" .. md(notes) .. "." end
  for _, warning in ipairs(t.warnings) do out[#out + 1] = "\nWarning: " .. md(warning) end
  return table.concat(out, "\n")
end

--- Numbers of a cell in CSV and JSON.
local NUMBERS = { "mean", "sd", "n", "expected", "best", "p", "effect", "low", "high", "test" }

--- The name of a column for a setting; one with the name of a number is `setting.n`.
---@param name string
local function head(name)
  for _, number in ipairs(NUMBERS) do
    if name == number then return "setting." .. name end
  end
  return name
end

--- Long format: one line per cell.
---@param t compt.ResultTable
---@return table<string, any>[]
local function tidy(t)
  local list = {}
  for i, row in ipairs(t.rows) do
    for j, column in ipairs(t.columns) do
      local cell, one = shown.at(t, i, j), {}
      for k, name in ipairs(t.row_names) do one[head(name)] = row[k] end
      for k, name in ipairs(t.column_names) do one[head(name)] = column[k] end
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
  local text = value ~= value and "NaN" or tostring(value)
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
  local keys = {}
  for _, list in ipairs { t.row_names, t.column_names } do
    for _, name in ipairs(list) do keys[#keys + 1] = head(name) end
  end
  table.move(NUMBERS, 1, #NUMBERS, #keys + 1, keys)
  local names = {}
  for k, name in ipairs(keys) do names[k] = quoted(name, raw) end
  local out = { table.concat(names, ",") }
  for _, one in ipairs(tidy(t)) do
    local line = {}
    for k, name in ipairs(keys) do line[k] = quoted(one[name], raw) end
    out[#out + 1] = table.concat(line, ",")
  end
  return table.concat(out, "\n")
end

---@param t compt.ResultTable
---@return string
function formats.json(t, options)
  arguments.options("table:save", options, {})
  return library.json { title = t.title, cells = tidy(t), notes = t.notes, warnings = t.warnings }
end

local HTML = { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;", ['"'] = "&quot;" }

--- Escapes text for HTML, in one line.
function formats.escape(text) return (shown.in_line(tostring(text)):gsub('[<>&"]', HTML)) end

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
      -- A name from right to left does not turn the cells around.
      row[k] = (i == 1 or k <= names) and ("<th dir=\"auto\">%s</th>"):format(escape(cell)) or ("<td>%s</td>"):format(cell)
    end
    out[#out + 1] = "<tr>" .. table.concat(row) .. "</tr>"
  end
  out[#out + 1] = "</table>"
  return table.concat(out, "\n")
end

---@param cell compt.TableCell
local function raised(cell)
  local mark = shown.stars(cell.p)
  return mark == "" and "" or ("<sup title=\"p = %.3g\">%s</sup>"):format(cell.p, mark)
end

---@param t compt.ResultTable
---@return string
function formats.html(t, options)
  arguments.options("table:save", options, {})
  local escape, names = formats.escape, #t.row_names
  local lines = shown.lines(t, function(cell)
    local text = escape(shown.value(t, cell))
    return (cell.best and ("<b>%s</b>"):format(text) or text) .. raised(cell)
  end)
  local out = { html_table(lines, names, t.title) }
  local heading, effects = shown.effects(t, function(cell, text) return escape(text) .. raised(cell) end)
  if heading then out[#out + 1] = html_table(effects, names, heading) end
  local notes = shown.notes(t, "bold")
  if notes ~= "" then out[#out + 1] = ("<p class=\"note\">%s</p>"):format(escape(notes)) end
  for _, warning in ipairs(t.warnings) do
    out[#out + 1] = ("<div class=\"warning\">%s</div>"):format(escape(warning))
  end
  return table.concat(out, "\n")
end

return formats
