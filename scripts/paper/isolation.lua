--- Heat maps of isolated prompts, one per composition (figures 3 and 4).
local maps = require "paper.maps"
local paper = require "paper.study"

local METHODS = { "ssum", "msum", "mcat" }

---@param given { name: string, title: string, found: string, second: boolean? }
---@return paper.Study
return function(given)
  return {
    name = given.name, title = given.title, found = given.found,
    cells = function(o)
      local settings = { shots = paper.middle(o) }
      return paper.cells(o, { settings = settings, grid = { method = METHODS, seed = o.seeds } }, given.second)
    end,
    show = function(runs)
      local figures = {}
      for i, method in ipairs(METHODS) do figures[i] = maps.isolated(runs:where { method = method }, method) end
      return figures
    end,
  }
end
