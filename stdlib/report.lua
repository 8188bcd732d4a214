--- Tables of results for the terminal.
local confusion = require "compt.analysis.confusion"

local report = {
  answered_tasks = confusion.tasks,
  confusion = confusion.table,
  grid = require "compt.analysis.aligned",
  page = require "compt.report.page",
  table = require "compt.analysis.table",
  values = require "compt.analysis.values",
}

--- Methods by tasks: the main metric of each task in percent, the average, and the margin of each
--- method over the best baseline.
---
--- `runs` is a list of { name = , result = (the result of trainer:evaluate), baseline = true|nil }, `tasks` the task
--- set. Returns text.
function report.methods(tasks, runs)
  local head = { "method" }
  for _, task in ipairs(tasks.names) do head[#head + 1] = task end
  head[#head + 1] = "average"
  head[#head + 1] = "margin"
  local best ---@type compt.ReportRun?
  local baselines = 0
  for _, run in ipairs(runs) do
    baselines = baselines + (run.baseline and 1 or 0)
    if run.baseline and (not best or run.result.average > best.result.average) then best = run end
  end
  local rows = { head }
  for _, run in ipairs(runs) do
    local row = { run.name }
    for _, task in ipairs(tasks.names) do
      row[#row + 1] = ("%.1f"):format(run.result.scores[task][tasks:metrics(task)[1]])
    end
    row[#row + 1] = ("%.1f"):format(run.result.average)
    local margin = best and not run.baseline and run.result.average - best.result.average
    row[#row + 1] = margin and ("%+.1f"):format(margin) or ""
    rows[#rows + 1] = row
  end
  local text = report.grid(rows)
  if best then
    local which = baselines > 1 and ", the stronger baseline" or ""
    text = text .. ("\nmargin: average minus that of %s%s"):format(best.name, which)
  end
  return text
end

return report
