--- Figure 4: MSUM's and MCAT's scores with one source prompt only and with all prompts, for one, two and three sources, on
--- GLUE.
---
---     compt run scripts/fig4.lua --jobs 2
---
--- MSUM is a product: each of its columns is one source prompt times the private prompt. Each map is of one run, the one
--- nearest to the median average over seeds.
local compt = require "compt"
local isolation = require "paper.isolation"
local paper = require "paper.study"

local ROWS = { "cola", "mnli", "rte", "qnli", "stsb", "qqp", "mrpc", "sst2", "average" }

--- The maps that the paper's text gives.
local PUBLISHED = {
  { method = "msum", sources = 1, values = {
    { 71, 71 }, { 55, 55 }, { 63, 63 }, { 76, 76 }, { 86, 86 }, { 89, 89 }, { 90, 90 }, { 88, 88 }, { 77, 77 },
  } },
  { method = "msum", sources = 2, values = {
    { 71, 71, 71 }, { 64, 68, 69 }, { 67, 66, 67 }, { 79, 82, 80 }, { 86, 87, 86 }, { 88, 84, 87 }, { 87, 85, 87 },
    { 89, 89, 88 }, { 79, 79, 79 },
  } },
  { method = "msum", sources = 3, values = {
    { 71, 71, 71, 71 }, { 39, 44, 45, 45 }, { 64, 67, 52, 54 }, { 82, 81, 82, 82 }, { 87, 85, 87, 86 },
    { 84, 83, 83, 82 }, { 87, 87, 88, 86 }, { 90, 86, 88, 92 }, { 76, 75, 74, 75 },
  } },
  { method = "mcat", sources = 1, values = {
    { 71, 71 }, { 58, 58 }, { 70, 70 }, { 78, 78 }, { 88, 88 }, { 84, 84 }, { 90, 90 }, { 84, 84 }, { 78, 78 },
  } },
  { method = "mcat", sources = 2, values = {
    { 72, 12, 71 }, { 41, 58, 59 }, { 60, 28, 61 }, { 83, 84, 86 }, { 60, 54, 86 }, { 17, 89, 86 }, { 88, 82, 87 },
    { 84, 85, 84 }, { 63, 62, 78 },
  } },
  { method = "mcat", sources = 3, digits = 1, values = {
    { 63, 68, 54, 71 }, { 17, 1, 46, 52 }, { 0, 52, 0, 63 }, { 7, 2, 80, 83 }, { 65, 0, 3.7, 88 }, { 67, 7, 37, 86 },
    { 65, 69, 51, 89 }, { 4, 72, 90, 92 }, { 36, 34, 45, 78 },
  } },
}

return paper.main(..., isolation {
  name = "fig4", title = "Figure 4: isolated prompts of MSUM and MCAT", methods = { "msum", "mcat" },
  more = function()
    local panels = {}
    for i, one in ipairs(PUBLISHED) do
      local columns = {}
      for j = 1, one.sources do columns[j] = "src" .. j - 1 end
      columns[#columns + 1] = "total"
      panels[i] = compt.figures.heat {
        title = ("%s (%d)"):format(one.method, one.sources), rows = ROWS, columns = columns, values = one.values, low = 0,
        high = 100, digits = one.digits or 0,
      }
    end
    return { compt.figures.beside(panels, { title = "The paper's maps (T5-base, GLUE)", columns = 3 }) }
  end,
})
