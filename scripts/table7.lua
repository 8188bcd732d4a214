--- Table 7: a task added to a model of the others: their source prompts stay frozen, and the new task gets its
--- own private prompt and router weights. For comparison: all tasks together, and the task separately (PT).
---
---     compt run scripts/table7.lua --jobs 2 [--set added=nli2,sentiment]
---
--- The paper does not specify exactly what it trains when it adds a task; this is our interpretation. Its scores are in
--- its table 7.
local compt = require "compt"
local paper = require "paper.study"

--- The added tasks, one per run.
---@param o paper.Options
---@return string[]
local function added(o)
  local given, found = compt.args.added, {}
  for name in (given or ""):gmatch "[^,]+" do found[#found + 1] = name end
  if given then return found end
  if o.tasks == "micro" then return { "nli2", "paraphrase", "sentiment" } end
  return { "rte", "mrpc", "sst2" }
end

return paper.main(..., {
  name = "table7",
  title = "Table 7: adding a task",
  found = "a task added to trained source prompts; scores in table 7 of the paper",
  cells = function(o)
    local k = paper.middle(o)
    local all = paper.cells(o, { settings = { shots = k }, grid = { method = { "ssum", "pt" }, seed = o.seeds } })
    local new = paper.cells(o, {
      settings = { shots = k, method = "ssum" }, grid = { added = added(o), seed = o.seeds },
    })
    return table.move(new, 1, #new, #all + 1, all)
  end,
  show = function(runs, o)
    local list = {}
    for _, task in ipairs(added(o)) do
      list[#list + 1] = compt.report.table(runs:where(function(run)
        return run.settings.added == nil or run.settings.added == task
      end), {
        title = task, rows = "setting", best = "max", digits = 1,
        label = function(run)
          if run.settings.added then return { setting = "added to the others" } end
          return { setting = run.settings.method == "pt" and "alone (PT)" or "all tasks together" }
        end,
        value = function(run) return paper.score(run, task) end,
      })
    end
    return list
  end,
})
