--- Heat maps of isolated prompts with one, two and three sources, 16 rows per task (figures 3 and 4).
local compt = require "compt"
local maps = require "paper.maps"
local paper = require "paper.study"

local COUNTS = { 1, 2, 3 }

--- One figure: the maps of a method on a task set, by number of sources.
---@param runs compt.Runs
---@param method string
---@param set string
---@param title string
---@return compt.Figure
local function row(runs, method, set, title)
  local panels = {}
  for i, count in ipairs(COUNTS) do
    local own = runs:where { method = method, tasks = set, sources = count }
    panels[i] = maps.isolated(own, ("%s (%d)"):format(method, count))
  end
  return compt.figures.beside(panels, { title = title, columns = 3 })
end

---@param given { name: string, title: string, methods: string[], both: boolean?, more: (fun(): paper.Part[])? }
---@return paper.Study
return function(given)
  return {
    name = given.name, title = given.title,
    cells = function(o)
      local options = {
        settings = { shots = paper.middle(o) }, grid = { method = given.methods, sources = COUNTS, seed = o.seeds },
      }
      local cells = paper.cells(o, options)
      return given.both and paper.joined(cells, paper.cells(o, options, true)) or cells
    end,
    show = function(runs, o)
      local figures = {} ---@type paper.Part[]
      for _, method in ipairs(given.methods) do
        figures[#figures + 1] = row(runs, method, o.tasks, method .. " on GLUE: one prompt alone")
        if given.both then
          figures[#figures + 1] = row(runs, method, o.second, method .. " on SET2: one prompt alone")
        end
      end
      local more = given.more and given.more() or {}
      return table.move(more, 1, #more, #figures + 1, figures)
    end,
  }
end
