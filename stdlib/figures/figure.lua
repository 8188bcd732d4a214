--- A figure: its description, and how it is shown and written.
local library = require "compt.library"

---@class compt.Figure
local Figure = {}
Figure.__index = Figure
Figure.__name = "figure"

--- The figure as the text of an SVG file.
---@return string
function Figure:svg() return library.svg(self.chart) end

--- Writes the figure to a .svg or .png file.
---@param path string
function Figure:save(path)
  local ending = tostring(path):match "%.(%w+)$"
  if ending ~= "svg" and ending ~= "png" then error(("figure:save: '%s' must end in .svg or .png"):format(path), 2) end
  local svg = self:svg()
  library.write(path, ending == "svg" and svg or library.png(svg))
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
---@type table<string, { [1]: string, [2]: fun(svg: string): string }>
local PICTURES = {
  svg = { "image/svg+xml", function(svg) return svg end },
  png = { "image/png", library.png },
}

--- The forms of a figure in a notebook: SVG, others on request.
---@param name string?
---@return table<string, string>?
function Figure:__mime(name)
  local picture = PICTURES[name or "svg"]
  if not picture then return nil end
  local forms = {} ---@type table<string, string>
  forms[picture[1]] = picture[2](self:svg())
  return forms
end

---@return string
function Figure:__tostring() return self:text() end

---@param title string
---@param notes string[]
---@param panels table[]
---@param columns integer?
---@return compt.Figure
return function(title, notes, panels, columns)
  local chart = { title = title, notes = notes, panels = panels, columns = columns }
  return setmetatable({ chart = chart }, Figure) --[[@as compt.Figure]]
end
