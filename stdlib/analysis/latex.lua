--- A table of results as LaTeX: the rules of booktabs, and text that stands for itself.
local arguments = require "compt.arguments"
local shown = require "compt.analysis.shown"

local latex = {}

local TEX = {
  ["\\"] = "\\textbackslash{}", ["{"] = "\\{", ["}"] = "\\}", ["&"] = "\\&", ["%"] = "\\%", ["$"] = "\\$",
  ["#"] = "\\#", ["_"] = "\\_", ["~"] = "\\textasciitilde{}", ["^"] = "\\textasciicircum{}",
  -- babel makes a quotation mark active in some languages.
  ['"'] = "\\char34{}",
}
local SYMBOLS = { ["±"] = "$\\pm$", ["–"] = "--", ["…"] = "\\ldots{}" }

--- Marks that turn text around and have no shape.
local TURNS = { "\u{61c}", "\u{200b}", "\u{200e}", "\u{200f}" }
for code = 0x202a, 0x202e do TURNS[#TURNS + 1] = utf8.char(code) end
for code = 0x2066, 0x2069 do TURNS[#TURNS + 1] = utf8.char(code) end

--- Escapes text, in one line. Characters that LaTeX would join to another one are kept apart.
---@param text string
function latex.escape(text)
  for _, mark in ipairs(TURNS) do text = text:gsub(mark, "") end
  text = shown.in_line(text):gsub("%-%-", "-\0-"):gsub("%-%-", "-\0-"):gsub("``", "`\0`"):gsub("''", "'\0'"):gsub("([?!])`", "%1\0`")
  text = text:gsub("[\\{}&%%$#_~^\"]", TEX):gsub("\0", "{}")
  for symbol, command in pairs(SYMBOLS) do text = text:gsub(symbol, command) end
  return (text:gsub("[<>|]", "$%0$"))
end

--- A cell: a minus is no hyphen.
---@param text string
local function number(text) return (latex.escape(text):gsub("%f[%d%-]%-(%d)", "$-$%1")) end

---@param text string
---@param mark string
local function starred(text, mark) return mark == "" and text or ("%s$^{%s}$"):format(text, mark) end

--- A tabular; cells are escaped, names are not yet.
---@param lines string[][]
---@param names integer -- number of columns with names
---@return string
local function tabular(lines, names)
  local out = { ("\\begin{tabular}{%s%s}"):format(("l"):rep(names), ("r"):rep(#lines[1] - names)), "\\toprule" }
  for i, line in ipairs(lines) do
    for k = 1, i == 1 and #line or names do line[k] = latex.escape(line[k] or "") end
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

--- The first character that pdfLaTeX cannot set without further packages: none of Latin script, general punctuation or
--- the symbols that are commands here.
---@param text string
---@return string?
local function foreign(text)
  for _, code in utf8.codes(text, true) do
    if code > 0x17f and not (code >= 0x2010 and code <= 0x2026) then return utf8.char(code) end
  end
end

local OPTIONS = {
  { "caption", arguments.optional(arguments.name) }, { "label", arguments.optional(arguments.name) },
  { "raw", arguments.flag, false }, { "notes", arguments.flag, true }, { "wide", arguments.flag, false },
  { "position", arguments.optional(arguments.name) },
}

---@param t compt.ResultTable
---@param given compt.LatexOptions?
---@return string
function latex.table(t, given)
  local o = arguments.options("table:latex", given, OPTIONS)
  if o.raw and not o.caption then error("table:latex: 'raw' is for a caption, and there is none", 3) end
  if o.label and (o.label == "" or o.label:find "[^%w:._/+ -]") then
    error(("table:latex: label must be of letters, digits, spaces and : . _ / + -, got %s"):format(arguments.show(o.label)), 3)
  end
  local lines = shown.lines(t, function(cell)
    local text = number(shown.value(t, cell))
    return starred(cell.best and ("\\textbf{%s}"):format(text) or text, shown.stars(cell.p))
  end)
  local names = #t.row_names
  if o.position and o.position:find "[^htbpH!]" then
    error(("table:latex: position must be of the letters h, t, b, p, H and !, got %s"):format(arguments.show(o.position)), 3)
  end
  local environment = o.wide and "table*" or "table"
  local begin = ("\\begin{%s}%s"):format(environment, o.position and ("[%s]"):format(o.position) or "")
  local out = { begin, "\\centering", tabular(lines, names) }
  local heading, effects = shown.effects(t, function(cell, text) return starred(number(text), shown.stars(cell.p)) end)
  if heading then out[#out + 1] = ("\n\\medskip\n%s\n\n%s"):format(latex.escape(heading), tabular(effects, names)) end
  local notes = o.notes and latex.escape(shown.notes(t, "bold")) or ""
  if notes ~= "" then notes = notes .. "." end
  if o.caption then
    -- A caption of one's own; the notes are a paragraph below the table.
    if notes ~= "" then out[#out + 1] = ("\n\\medskip\n{\\footnotesize %s\\par}"):format(notes) end
    out[#out + 1] = ("\\caption{%s}"):format(o.raw and o.caption or latex.escape(o.caption))
  elseif t.title or notes ~= "" then
    local title = t.title and latex.escape(t.title) .. (notes == "" and "" or ". ") or ""
    out[#out + 1] = ("\\caption{%s%s}"):format(title, notes)
  end
  if o.label then out[#out + 1] = ("\\label{%s}"):format(o.label) end
  out[#out + 1] = ("\\end{%s}"):format(environment)
  for _, warning in ipairs(t.warnings) do table.insert(out, 1, "% Warning: " .. shown.in_line(warning)) end
  local text = table.concat(out, "\n")
  local character = utf8.len(text) and foreign(text)
  if not character then return text end
  return ("%% Set this with XeLaTeX or LuaLaTeX and a font that has %s (U+%04X): pdfLaTeX cannot.\n%s"):format(
    character, utf8.codepoint(character), text)
end

return latex
