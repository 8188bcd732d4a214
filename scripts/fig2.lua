--- Figure 2: scores by number of source prompts, mean and standard deviation over seeds.
---
---     compt run scripts/fig2.lua --jobs 2 [--set sources=1,3,5,10]
---
--- The paper compares 1 to 10 sources and uses three in its published settings. The curves are in its figure 2.
local compt = require "compt"
local paper = require "paper.study"

---@return integer[]
local function counts(o)
  local found = {}
  for part in tostring(compt.args.sources or (o.quick and "1,2" or "1,2,3,5,7,10")):gmatch "[^,]+" do
    found[#found + 1] = math.tointeger(tonumber(part))
  end
  return found
end

return paper.main(..., {
  name = "fig2",
  title = "Figure 2: number of source prompts",
  found = "1 to 10 sources are compared, three are in its published settings; curves in figure 2",
  cells = function(o)
    return paper.cells(o, {
      settings = { shots = paper.middle(o) },
      grid = { method = { "ssum", "msum", "mcat" }, sources = counts(o), seed = o.seeds },
    })
  end,
  show = function(runs)
    return {
      compt.figures.lines(runs, { title = "Average over tasks", x = "sources", by = "method" }),
      compt.report.table(runs, { rows = "method", columns = "sources" }),
    }
  end,
})
