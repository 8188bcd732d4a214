--- Table 7: SET2's tasks trained alone, and together with MNLI as a further task; scores of the six tasks and their average.
---
---     compt run scripts/table7.lua --jobs 2
---
--- The paper does not say how many rows per task it uses; its scores without MNLI are near those of its table 2 at 16.
local compt = require "compt"
local paper = require "paper.study"
local published = require "paper.published"
local sets = require "paper.sets"

local METHODS = { "ssum", "msum", "mcat" }
local NAMES = { "method", "with MNLI" }

return paper.main(..., {
  name = "table7", title = "Table 7: SET2 with and without MNLI",
  check = function(o)
    sets.task(o.tasks, nil, "mnli")
    sets.qualified(o.second, o.only_second)
  end,
  cells = function(o)
    local settings, seeds = { shots = paper.middle(o) }, o.seeds
    local alone = paper.cells(o, { settings = settings, grid = { method = METHODS, seed = seeds } }, true)
    settings.added = o.tasks .. "." .. sets.task(o.tasks, nil, "mnli")
    local with = paper.cells(o, { settings = settings, grid = { method = METHODS, seed = seeds } }, true)
    return table.move(with, 1, #with, #alone + 1, alone)
  end,
  show = function(runs)
    local rows = {}
    for _, method in ipairs(METHODS) do
      for _, with in ipairs { "yes", "no" } do rows[#rows + 1] = { method, with } end
    end
    return {
      compt.report.table(runs, {
        title = "Table 7: SET2 with and without MNLI", rows = NAMES, columns = "task", baseline = "no",
        label = function(run) return { ["with MNLI"] = run.settings.added and "yes" or "no" } end,
      }),
      published {
        title = "Table 7: SET2 with and without MNLI", row_names = NAMES, rows = rows,
        columns = { "average", "imdb", "mrpc", "multinli", "paws", "scitail", "yelp_polarity" },
        values = {
          { 72.7, 77.0, 88.0, 65.0, 49.0, 70.0, 87.0 },
          { 70.5, 75.0, 89.0, 61.0, 51.0, 64.0, 83.0 },
          { 75.0, 78.0, 89.0, 77.0, 47.0, 72.0, 87.0 },
          { 72.3, 75.0, 88.0, 67.0, 47.0, 66.0, 91.0 },
          { 74.8, 83.0, 88.0, 72.0, 53.0, 68.0, 85.0 },
          { 71.3, 81.0, 88.0, 58.0, 47.0, 67.0, 87.0 },
        },
      },
    }
  end,
})
