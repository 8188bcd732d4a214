--- A value as HTML: apart from the direction of the text around it, and cut where it is long.
local cells = require "compt.analysis.cells"
local escape = require("compt.analysis.formats").escape

--- The characters of a value.
local LONGEST = 40

---@param value any
---@return string
return function(value)
  local text = cells.text(value)
  local cut = utf8.len(text) and utf8.offset(text, LONGEST + 1)
  local short = cut and text:sub(1, cut - 1) .. "…" or text
  return ("<bdi%s>%s</bdi>"):format(cut and (" title=\"%s\""):format(escape(text)) or "", escape(short))
end
