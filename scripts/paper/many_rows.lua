--- The four methods with many rows per task: 5,000 in the paper, 256 on the micro tasks (tables 3 and 4).
local compt = require "compt"
local paper = require "paper.study"

---@param given { name: string, title: string, found: string, second: boolean? }
---@return paper.Study
return function(given)
  return {
    name = given.name, title = given.title, found = given.found,
    cells = function(o)
      local rows = compt.args.rows or (o.backbone == "micro" and 256 or 5000)
      return paper.cells(o, {
        settings = { shots = o.quick and 2 or rows, epochs = o.epochs or 5 },
        grid = { method = { "pt", "mcat", "msum", "ssum" }, seed = o.seeds },
      }, given.second)
    end,
    show = function(runs)
      return {
        compt.report.table(runs, { title = "Test scores", rows = "method", columns = "task", baseline = "pt" }),
        compt.figures.curves(runs, { title = "Training loss", by = "method" }),
      }
    end,
  }
end
