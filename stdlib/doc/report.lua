section "Reports"

class "compt.report" [[
Tables of results for the terminal.
]]

fn "compt.report.grid(rows: string[][]): string" [[
Lines of cells as aligned text; the first column to the left, the others to the right.
> compt.report.grid { { "method", "score" }, { "ssum", "90.5" } }
]]

class "compt.ReportRun" [[
- name: string -- of the row
- result: compt.Result -- what trainer:evaluate returned
- baseline?: boolean -- one to measure the others against
]]

fn "compt.report.methods(tasks: compt.Tasks, runs: compt.ReportRun[]): string" [[
Methods by tasks: each task's main metric in percent, the average, and the margin over the best baseline.
> compt.report.methods(compt.tasks("micro", { tasks = { "nli3" }, shots = 2, max_test = 2 }), { { name = "doc", result = result } })
]]
