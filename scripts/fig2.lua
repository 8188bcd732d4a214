--- Figure 2: the average over tasks by number of source prompts (left), and its standard deviation over seeds (right), on
--- GLUE (top) and SET2 (bottom); 8 rows per task.
---
---     compt run scripts/fig2.lua --jobs 2 [--set sources=1,2,3,4,5,6,7,8,9,10]
local compt = require "compt"
local paper = require "paper.study"

local METHODS = { "msum", "ssum", "mcat" }

--- The standard deviations of the means of a figure of lines.
---@param mean compt.Figure
---@param title string
local function deviations(mean, title)
  local series = {}
  for i, line in ipairs(mean.chart.panels[1].series) do
    local sd = {}
    for k, high in ipairs(line.high) do sd[k] = high - line.mean[k] end
    series[i] = { name = line.name, x = line.x, mean = sd, low = sd, high = sd }
  end
  return compt.figures.chart {
    title = title, panels = { { kind = "lines", title = "", x_label = "sources", y_label = "standard deviation", series = series } },
  }
end

return paper.main(..., {
  name = "fig2", title = "Figure 2: number of source prompts",
  cells = function(o)
    local grid = { method = METHODS, sources = paper.sources(o), seed = o.seeds }
    local settings = { shots = (o.quick or compt.args.shots) and paper.middle(o) or 8 }
    local cells = paper.cells(o, { settings = settings, grid = grid })
    return paper.joined(cells, paper.cells(o, { settings = settings, grid = grid }, true))
  end,
  show = function(runs, o)
    local panels, tables = {}, {}
    for _, set in ipairs { { o.tasks, "GLUE" }, { o.second, "SET2" } } do
      local own = runs:where { tasks = set[1] }
      local mean = compt.figures.lines(own, { title = set[2] .. ": average over tasks", x = "sources", by = "method", order = METHODS })
      panels[#panels + 1], panels[#panels + 2] = mean, deviations(mean, set[2] .. ": deviation over seeds")
      tables[#tables + 1] = compt.report.table(own, { title = set[2], rows = "method", columns = "sources", best = "none" })
    end
    return { compt.figures.beside(panels, { title = "Number of source prompts, 8 rows per task", columns = 2 }), table.unpack(tables) }
  end,
})
