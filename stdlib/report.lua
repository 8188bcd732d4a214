--- Tables of results for the terminal.
local report = {}

local function length(cell) return utf8.len(cell) or #cell end

--- Lines of cells as aligned text; the first column to the left, the others to the right.
function report.grid(rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do widths[i] = math.max(widths[i] or 0, length(cell)) end
  end
  local lines = {}
  for _, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      local space = (" "):rep(widths[i] - length(cell))
      cells[i] = i == 1 and cell .. space or space .. cell
    end
    lines[#lines + 1] = (table.concat(cells, "  "):gsub("%s+$", ""))
  end
  return table.concat(lines, "\n")
end

--- Methods by tasks: the main metric of each task in percent, the average, and the margin of each
--- method over the best baseline.
---
--- `runs` is a list of { name = , result = (what trainer:evaluate returned), baseline = true|nil };
--- `tasks` the task set. Returns text.
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

local confusion = require "compt.analysis.confusion"
report.page = require "compt.analysis.page"
report.table = require "compt.analysis.table"
report.confusion, report.answered_tasks = confusion.table, confusion.tasks

return report
