--- Scores of single tasks.
local scores = {}

--- A task's main metric in a run, or in another look at it; nil where it was not evaluated.
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
