--- The four methods by tasks and rows (tables 1 and 2).
local compt = require "compt"
local paper = require "paper.study"
local published = require "paper.published"

local METHODS = { "pt", "mcat", "msum", "ssum" }

---@param given { name: string, title: string, second: boolean?, digits: (integer|integer[])?, columns: string[], published: table<string, number[][]> }
---@return paper.Study
return function(given)
  return {
    name = given.name, title = given.title,
    cells = function(o)
      return paper.cells(o, { grid = { method = METHODS, shots = o.shots, seed = o.seeds } }, given.second)
    end,
    show = function(runs, o)
      local rows, values, middle = {}, {}, paper.middle(o)
      for i, shots in ipairs { 8, 16, 32 } do
        for _, method in ipairs(METHODS) do
          rows[#rows + 1], values[#values + 1] = { shots, method }, given.published[method][i]
        end
      end
      return {
        compt.report.table(runs, {
          title = given.title, rows = { "shots", "method" }, columns = "task", baseline = "pt",
        }),
        compt.report.table(runs:where { method = "mcat" }, {
          title = "MCAT with inference weights like those of training (softmax of sigmoids)", rows = "method",
          columns = "shots", value = "alike",
        }),
        published {
          title = given.title, row_names = { "shots", "method" }, rows = rows, columns = given.columns, values = values,
          digits = given.digits,
        },
        compt.figures.lines(runs, {
          title = "Average over tasks", x = "shots", by = "method", log = true, order = { "ssum", "msum", "mcat", "pt" },
          x_label = "rows per task", y_label = "score (%)",
        }),
        compt.figures.forest(runs:where { shots = middle }, {
          title = ("Difference from PT, %d rows per task"):format(middle), baseline = "pt", notes = false,
        }),
        compt.figures.curves(runs, { title = "Training loss", by = "method" }),
      }
    end,
  }
end
