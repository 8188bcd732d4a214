--- The compositions with many rows per task: 5,000 in the paper, 256 on the micro tasks (tables 3 and 4).
local compt = require "compt"
local paper = require "paper.study"
local published = require "paper.published"

local ONES = { 1, 1, 1, 1, 1, 1, 1, 1 }

---@class paper.Configuration
---@field method string
---@field sources integer
---@field weights string

---@param given { name: string, title: string, second: boolean?, list: paper.Configuration[], columns: string[], published: number[][] }
---@return paper.Study
return function(given)
  return {
    name = given.name, title = given.title,
    check = function() paper.refuse({ "shots" }, "this study has rows=N rows per task") end,
    cells = function(o)
      return paper.cells(o, {
        settings = { shots = paper.many(o), epochs = o.epochs or 5 }, list = given.list, grid = { seed = o.seeds },
      }, given.second)
    end,
    show = function(runs)
      local rows = {}
      for i, one in ipairs(given.list) do rows[i] = { one.method, one.sources, one.weights } end
      local names = { "method", "sources", "weights" }
      return {
        compt.report.table(runs, { title = given.title, rows = names, columns = "task", best = "none" }),
        published {
          title = given.title, row_names = names, rows = rows, columns = given.columns, values = given.published,
          digits = { 2, table.unpack(ONES, 1, #given.columns - 1) },
        },
        compt.figures.curves(runs, { title = "Training loss", by = "method" }),
      }
    end,
  }
end
