--- A figure: its description, and how it is shown and written.
local arguments = require "compt.arguments"
local layout = require "compt.figures.layout"
local library = require "compt.library"

---@class compt.Figure
local Figure = {}
Figure.__index = Figure
Figure.__name = "figure"

--- The names of a figure's lines, rows and groups before they were renamed.
---@type table<compt.Figure, table<string, string>>
local old_names = setmetatable({}, { __mode = "k" })

---@param chart table<string, any>
---@param old table<string, string>
---@return compt.Figure
local function of(chart, old)
  local figure = setmetatable({ chart = chart }, Figure) --[[@as compt.Figure]]
  old_names[figure] = old
  return figure
end

--- A figure with other options.
---@param self compt.Figure
---@param o table<string, any>
---@param call string
---@return compt.Figure
local function changed(self, o, call)
  local old = {}
  for new, was in pairs(old_names[self] or {}) do old[new] = was end
  return of(layout.applied(self.chart, o, call, old), old)
end

--- A copy of the figure with another size, style, axes or names.
---@param given compt.PanelsOptions
---@return compt.Figure
function Figure:with(given)
  return changed(self, arguments.options("figure:with", given, layout.CHANGES), "figure:with")
end

--- The figure with options that may be nil.
---@param self compt.Figure
---@param given compt.PanelsOptions?
---@param call string
---@return table<string, any>
local function chart_with(self, given, call)
  if given == nil then return self.chart end
  return changed(self, arguments.options(call, given, layout.CHANGES), call).chart
end

--- The figure as the text of an SVG file.
---@param given compt.PanelsOptions?
---@return string
function Figure:svg(given) return library.figure_file(chart_with(self, given, "figure:svg"), "svg") end

--- Writes the figure to a .svg, .pdf or .png file.
---@param path string
---@param given compt.PanelsOptions?
function Figure:save(path, given)
  local ending = tostring(path):match "%.(%w+)$"
  if ending ~= "svg" and ending ~= "pdf" and ending ~= "png" then
    error(("figure:save: '%s' must end in .svg, .pdf or .png"):format(path), 2)
  end
  library.write(path, library.figure_file(chart_with(self, given, "figure:save"), ending))
end

--- The columns of a figure in a terminal.
local COLUMNS = 76

--- The figure as text: lines, points and histograms in Braille dots and blocks; the title of other kinds.
---@param columns integer?
---@return string
function Figure:text(columns)
  if columns ~= nil and (math.type(columns) ~= "integer" or columns < 20 or columns > 1000) then
    error(("figure:text: columns must be a whole number from 20 to 1000, not %s"):format(tostring(columns)), 2)
  end
  local text = library.plot_text(self.chart, columns or COLUMNS)
  return text or ("figure: %s (figure:save writes it)"):format(self.chart.title)
end

--- The pictures of a figure by their names in `display`, with their types.
local PICTURES = { svg = "image/svg+xml", png = "image/png", pdf = "application/pdf" }

--- The forms of a figure in a notebook: SVG, others on request.
---@param name string?
---@return table<string, string>?
function Figure:__mime(name)
  local form = (name or "svg") --[[@as "svg"|"png"|"pdf"]]
  local picture = PICTURES[form] --[[@as string?]]
  if not picture then return nil end
  local forms = {} ---@type table<string, string>
  forms[picture] = library.figure_file(self.chart, form)
  return forms
end

---@return string
function Figure:__tostring() return self:text() end

--- A figure from its panels, with the options that all figures have.
---@param call string
---@param title string
---@param notes string[]
---@param panels table[]
---@param o table<string, any> -- read by `layout.with_rules`
---@return compt.Figure
return function(call, title, notes, panels, o)
  return changed(of({ title = title, notes = notes, panels = panels }, {}), o, call)
end
