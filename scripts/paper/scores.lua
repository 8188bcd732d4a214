--- Scores of single tasks.
local scores = {}

--- The main metric of a task in a run, or in another evaluation of it; nil if there is none.
---@param run compt.Run
---@param task string
---@param look { scores: table<string, table<string, number>>? }?
---@return number?
function scores.main(run, task, look)
  local of_task = look and look.scores and look.scores[task] or {}
  local names = (run.metrics or {})[task] or {}
  return of_task[names[1]]
end

return scores
