section "Tables, figures and reports"

class "compt.report" [[
Tables of results, and pages of them.
]]

options "compt.TableOptions" [[
- rows?: string|string[] -- settings whose values are rows, "task" among them; by default what varies
- columns?: string|string[] -- the same for columns; by default one column, or the tasks where `rows` are not given
- value?: string|fun(run: compt.Run): number? = "average" -- what is shown: a number of the run, of what it returned (`gap.mcat`), or a metric
- baseline?: any -- the last part of a row, such as a method: others are tested against it
- best?: "max"|"min"|"none" = "max" -- which mean of a column is marked, among rows that share all but their last part
- digits?: integer = 1 -- behind the point
- title?: string -- of the table
- label?: fun(run: compt.Run): table<string, any> -- names of one's own for `rows` and `columns`
]]

class "compt.TableCell" [[
- mean: number? -- nil where no run gives a value
- sd: number? -- standard deviation (n - 1); nil of a single value
- n: integer -- runs with a value
- expected: integer -- runs that belong here, finished or not
- best: boolean? -- whether it is marked
- p: number? -- against the baseline, corrected by Holm over the table
- values: number[] -- one by one
- text: string? -- what is shown in place of the mean
]]

class "compt.ResultTable" [[
A table of results: `print(t)` aligns it.
- title: string?
- row_names: string[] -- what the parts of a row's key are
- column_names: string[]
- rows: any[][] -- keys
- columns: any[][]
- cells: compt.TableCell[][] -- by row and column
- digits: integer
- notes: string[] -- how many runs and seeds it rests on, which tests were made
- warnings: string[] -- runs that are missing, or that differ in more than the table shows
- markdown: fun(self: compt.ResultTable): string
- latex: fun(self: compt.ResultTable): string -- with booktabs' rules
- csv: fun(self: compt.ResultTable): string -- a line a cell
- json: fun(self: compt.ResultTable): string
- html: fun(self: compt.ResultTable): string
- save: fun(self: compt.ResultTable, path: string) -- to .md, .tex, .csv, .json, .html or .txt
]]

fn "compt.report.table(runs: compt.Runs, options?: compt.TableOptions): compt.ResultTable" [[
Rows by columns over any settings: mean and standard deviation over seeds, how many runs, the best ones, and
which differ from a baseline by more than chance (paired t-tests over seeds, or over tasks and seeds for averages,
corrected by Holm). Cells with missing runs are marked, and the runs named; runs that differ in more than the seed
and share a cell are told.
> print(compt.report.table(runs, {
>   rows = "x", columns = "seed", value = "average", baseline = 1, best = "max", digits = 2, title = "doc",
>   label = function(run) return { x = run.settings.x } end,
> }))
]]

options "compt.ConfusionOptions" [[
- task: string -- a task with label words
- look?: string = "test" -- the evaluation: "test", "validation", "test.only-src0"; the names of the files in `predictions/`
- title?: string
]]

fn "compt.report.confusion(runs: compt.Run[], options: compt.ConfusionOptions): compt.ResultTable?" [[
Labels by predictions, and the recall of each label: the share of its rows that were answered with it. Rows of
several runs are summed; nil where no answers of that look are kept.
> compt.report.confusion(runs, { task = "nli3", look = "test", title = "doc" })
]]

fn "compt.report.answered_tasks(run: compt.Run): string[]" [[
The tasks with label words whose single answers a run keeps.
> compt.report.answered_tasks(runs[1])
]]

class "compt.Section" [[
A part of a page.
- title: string
- text?: string -- said below the title
- parts: (compt.ResultTable|compt.Figure|string)[] -- tables, figures and paragraphs
]]

options "compt.PageOptions" [[
- path: string -- the file to write
- runs: compt.Run[] -- whose settings, curves, controls and single predictions the page shows
- title?: string
- sections?: compt.Section[] -- by default tables and figures of what varies
]]

fn "compt.report.page(options: compt.PageOptions): string" [[
Writes one HTML file that needs no network, and gives its path: sections of tables and figures, then the runs (to be
sorted and filtered), what they differ in, their curves with the versions of their controls, single predictions,
settings and environment. `compt report RUN...` writes one from the command line.
> compt.report.page {
>   path = "/tmp/compt-doc-page.html", runs = runs, title = "doc",
>   sections = { { title = "Results", parts = { compt.report.table(runs) } } },
> }
]]

class "compt.figures" [[
Figures of runs, as SVG and PNG; readable in grey.
]]

class "compt.Figure" [[
A figure.
- chart: table<string, any> -- what it shows, as plain data
- svg: fun(self: compt.Figure): string
- save: fun(self: compt.Figure, path: string) -- to .svg, or .png where compt has its feature `png` (the default)
]]

options "compt.LinesOptions" [[
- x: string -- a setting that is a number
- by?: string -- a setting: a line for each of its values
- value?: string|fun(run: compt.Run): number? = "average" -- as for compt.report.table
- title?: string
- y_label?: string -- by default the value's name
- log?: boolean = false -- a logarithmic x axis
]]

fn "compt.figures.lines(runs: compt.Runs, options: compt.LinesOptions): compt.Figure" [[
A value over a setting: means over runs, with bands of one standard deviation.
> compt.figures.lines(runs, { x = "x", by = "seed", value = "average", title = "doc", y_label = "score", log = true })
]]

options "compt.CurvesOptions" [[
- by?: string -- a setting: a curve for each of its values; by default one a run
- value?: string = "loss" -- a number of each step: "loss", "lr.router", "temperature", "grad_norm"
- points?: integer = 60 -- of a curve: means over equal parts of the steps
- title?: string
- log?: boolean = false -- a logarithmic y axis
]]

fn "compt.figures.curves(runs: compt.Runs, options?: compt.CurvesOptions): compt.Figure" [[
Learning curves: the mean over runs, with a band of one standard deviation.
> compt.figures.curves(runs, { by = "x", value = "loss", points = 40, title = "doc", log = false })
]]

options "compt.HeatOptions" [[
- rows: string[] -- names
- columns: string[]
- values: (number|false)[][] -- by row and column; false: none
- title?: string
- x_label?: string
- y_label?: string
- low?: number -- the value of the lightest shade; by default the smallest
- high?: number -- of the darkest
- digits?: integer = 1 -- behind the point
- runs?: compt.Run[] -- what it rests on, to be said
]]

fn "compt.figures.heat(options: compt.HeatOptions): compt.Figure" [[
A heat map with its values written in it.
> compt.figures.heat {
>   rows = { "a", "b" }, columns = { "src0", "src1" }, values = { { 1, 2 }, { false, 4 } }, title = "doc", x_label = "",
>   y_label = "", low = 0, high = 4, digits = 0, runs = runs,
> }
]]

options "compt.BoxesOptions" [[
- groups: table[] -- { name, values }
- title?: string
- y_label?: string
- runs?: compt.Run[] -- what it rests on, to be said
]]

fn "compt.figures.boxes(options: compt.BoxesOptions): compt.Figure" [[
Box plots of groups of values, with a one-way ANOVA of whether they differ.
> compt.figures.boxes {
>   groups = { { name = "a", values = { 1, 2, 3 } }, { name = "b", values = { 2, 3, 5 } } }, title = "doc", y_label = "score",
>   runs = runs,
> }
]]

options "compt.ChartOptions" [[
- panels: table[] -- descriptions, each with its `kind`
- title?: string
- notes?: string[] -- lines below the title
- columns?: integer -- side by side, at most 3; by default 1 for one panel, 2 for several
]]

fn "compt.figures.chart(options: compt.ChartOptions): compt.Figure" [[
A figure from descriptions of its panels. Every panel has `kind` and may have `title`. Lists of one panel have the same
length; `false` in a list is a missing value.
- `lines`: `series` (a list of { name, x, mean, low, high }), `x_label`, `y_label`, `x_log`, `y_log`, `steps`
  (the x axis is the steps from 1 to this one), `height` in pixels
- `heat`: `rows`, `columns`, `values` (a list for each row), `x_label`, `y_label`, `low`, `high`, `digits`
- `boxes`: `groups` (a list of { name, values }), `y_label`, `note`
- `bands`: `steps`, `bands` (a list of { name, spans }; a span is { from, to, word }), `x_label`
> compt.figures.chart {
>   title = "doc", notes = { "two panels" }, columns = 1, panels = {
>     { kind = "lines", series = { { name = "loss", x = { 1, 2, 3 }, mean = { 3, false, 1 } } }, steps = 3 },
>     { kind = "bands", steps = 3, bands = { { spans = { { from = 1, to = 2, word = "softmax" } } } } },
>   },
> }:svg()
]]

options "compt.BesideOptions" [[
- title?: string
- columns?: integer -- side by side; by default up to three, of four two
]]

fn "compt.figures.beside(figures: compt.Figure[], options?: compt.BesideOptions): compt.Figure" [[
Several figures as one, each under its own title.
> compt.figures.beside({ compt.figures.curves(runs), compt.figures.curves(runs) }, { title = "doc", columns = 2 })
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

fn "compt.statistics.anova(groups: number[][]): number?, number?, integer?, integer?" [[
One-way ANOVA of groups of values: F, p, and the degrees of freedom between and within the groups; nothing where
there are fewer than two groups, or no more values than groups.
> compt.statistics.anova { { 1, 2, 3 }, { 2, 3, 5 } }
]]

fn "compt.statistics.holm(ps: number[]): number[]" [[
Holm's correction (1979) of p values that belong together, in their order.
> compt.statistics.holm { 0.01, 0.04, 0.03 }
]]
