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

class "compt.statistics" [[
Means, deviations and paired tests over seeds.
]]

fn "compt.statistics.mean(values: number[]): number" [[
The mean.
> compt.statistics.mean { 1, 2, 6 }
]]

fn "compt.statistics.sd(values: number[]): number" [[
The standard deviation of a sample (n - 1); 0 of a single value.
> compt.statistics.sd { 1, 2, 6 }
]]

fn "compt.statistics.paired_t(xs: number[], ys: number[]): number, number" [[
The paired t-test of two lists of one length: t, and the two-sided p.
> compt.statistics.paired_t({ 3, 5, 9 }, { 1, 4, 4 })
]]

fn "compt.statistics.holm(ps: number[]): number[]" [[
Holm's correction (1979) of p values that belong together, in their order.
> compt.statistics.holm { 0.01, 0.04, 0.03 }
]]
