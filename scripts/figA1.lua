--- Figure A1: the prompt of each task (PT) on the rows of every other task, and a one-way ANOVA of these scores by
--- evaluated task.
---
---     compt run scripts/figA1.lua --jobs 2
---
--- The paper shows box plots with an ANOVA in its figure A1.
local compt = require "compt"
local paper = require "paper.study"

--- Over all runs: scores of prompts of other tasks by evaluated task, and the mean of each pair.
---@param runs compt.Run[]
local function transfers(runs)
  local names, by_pair, groups = {}, {}, {}
  for name in sorted_pairs(runs[1] and runs[1].values.transfer or {}) do names[#names + 1] = name end
  for j, to in ipairs(names) do
    groups[j] = { name = to, values = {} }
    for i, from in ipairs(names) do
      by_pair[i] = by_pair[i] or {}
      local list = {}
      for _, run in ipairs(runs) do
        local score = run.values.transfer[from][to]
        list[#list + 1] = score
        if from ~= to then table.insert(groups[j].values, score) end
      end
      by_pair[i][j] = compt.statistics.mean(list)
    end
  end
  return names, by_pair, groups
end

return paper.main(..., {
  name = "figA1",
  title = "Figure A1: prompts of one task on another",
  found = "prompts of one task on another, with an ANOVA; box plots in figure A1",
  cells = function(o)
    return paper.cells(o, { settings = { shots = paper.middle(o), method = "pt", transfer = true }, grid = { seed = o.seeds } })
  end,
  show = function(runs)
    local finished = runs:finished()
    local names, by_pair, groups = transfers(finished)
    return {
      compt.figures.heat { title = "Prompt of (row) on task (column)", rows = names, columns = names, values = by_pair,
        low = 0, high = 100, digits = 0, runs = runs },
      compt.figures.boxes { title = "Prompts of other tasks, by evaluated task", y_label = "score",
        groups = groups, runs = runs },
    }
  end,
})
