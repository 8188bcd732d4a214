--- Figures of runs and of any numbers, as SVG, PDF and PNG: one file of `compt/figures` for each sort.
local arguments = require "compt.arguments"
local effects = require "compt.figures.effects"
local figure = require "compt.figures.figure"
local layout = require "compt.figures.layout"
local maps = require "compt.figures.maps"
local numbers = require "compt.figures.numbers"
local runs = require "compt.figures.runs"

local figures = {
  lines = runs.lines, bars = runs.bars, curves = require "compt.figures.curves",
  heat = maps.heat, transfer = maps.transfer, boxes = require "compt.figures.groups",
  forest = effects.forest, ranks = effects.ranks, prompts = require "compt.figures.prompts",
  plot = numbers.plot, scatter = numbers.scatter, histogram = numbers.histogram, calibration = numbers.calibration,
}

--- A figure of panels of any kind, from their descriptions.
---@param given compt.ChartOptions
---@return compt.Figure
function figures.chart(given)
  local o = arguments.options("compt.figures.chart", given, layout.with_rules {
    { "panels", arguments.sequence }, { "notes", arguments.any }, layout.COLUMNS,
  })
  local notes = type(o.notes) == "table" and o.notes or {}
  return figure("compt.figures.chart", "", notes, o.panels, o)
end

--- Joins figures into one, each with its own title.
---@param list compt.Figure[]
---@param given compt.PanelsOptions?
---@return compt.Figure
function figures.beside(list, given)
  local o = arguments.options("compt.figures.beside", given, layout.CHANGES)
  local panels, notes, known = {}, {}, {}
  for _, one in ipairs(list) do
    for _, panel in ipairs(one.chart.panels) do
      local copy = {}
      for key, value in pairs(panel) do copy[key] = value end
      if (copy.title or "") == "" then copy.title = one.chart.title end
      panels[#panels + 1] = copy
    end
    for _, note in ipairs(one.chart.notes) do
      local each = #list > 1 and "each: " .. note or note
      if not known[note] then notes[#notes + 1], known[note] = each, true end
    end
  end
  local look = {} ---@type table<string, any>
  for _, one in ipairs(list) do
    for key, value in pairs(one.chart.layout or {}) do look[key] = look[key] or value end
  end
  -- The size and style of the figures, unless they are given here.
  for key, value in pairs(look) do
    if o[key] == nil then o[key] = value end
  end
  local joined = figure("compt.figures.beside", "", notes, panels, o)
  joined.chart.columns = o.columns or (#panels == 4 and 2 or math.min(#panels, 3))
  return joined
end

return figures
