--- A finished table and its output formats.
local formats = require "compt.analysis.formats"

---@class compt.ResultTable
local ResultTable = {}
ResultTable.__index = ResultTable
ResultTable.__name = "table"
function ResultTable:__tostring() return formats.text(self) end
function ResultTable:markdown() return formats.markdown(self) end
---@param options compt.LatexOptions?
function ResultTable:latex(options) return formats.latex(self, options) end
---@param options { raw?: boolean }?
function ResultTable:csv(options) return formats.csv(self, options) end
function ResultTable:json() return formats.json(self) end
function ResultTable:html() return formats.html(self) end

--- The forms of a table in a notebook.
function ResultTable:__mime() return { ["text/html"] = self:html(), ["text/latex"] = self:latex() } end

local FORMS = { md = "markdown", tex = "latex", csv = "csv", json = "json", html = "html", txt = "text" }

--- Writes the table to a file, in the format of the file extension.
---@param path string
---@param options compt.LatexOptions?
function ResultTable:save(path, options)
  local form = FORMS[tostring(path):match "%.(%w+)$" or ""]
  if not form then error(("table:save: '%s' must end in .md, .tex, .csv, .json, .html or .txt"):format(path), 2) end
  require("compt.library").write(path, formats[form](self, options) .. "\n")
end

---@param parts table
---@return compt.ResultTable
return function(parts) return setmetatable(parts, ResultTable) --[[@as compt.ResultTable]] end
