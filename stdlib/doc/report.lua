section "Tables and reports"

class "compt.report" [[
Tables of results, and HTML pages.
]]

options "compt.TableOptions" [[
- rows?: string|string[] -- settings whose values form the rows; "task" is allowed. Default: the settings that vary
- columns?: string|string[] -- the same for columns; default: one column, or the tasks if `rows` is not given
- value?: string|fun(run: compt.Run): number? = "average" -- value of a run: a number of the run, a number that `run` returned (`gap.mcat`), or a metric. One that no run has is an error that lists what there is
- baseline?: any -- last component of a row key, such as a method; other rows are tested against it
- claim?: "these tasks"|"tasks" = "these tasks" -- what a mark of an average over tasks says: the difference holds on these tasks (seeds are the sample), or on tasks like these (tasks are the sample)
- effects?: boolean = true -- show the differences from the baseline with 95 % confidence intervals below the table
- best?: "max"|"min"|"none" = "max" -- mark the best mean of a column among the rows that compete, see `compt.report.table`
- digits?: integer = 1 -- number of decimal places
- title?: string -- title of the table
- label?: fun(run: compt.Run): table<string, any> -- returns custom values for names in `rows` and `columns`
- names?: table<any, string> -- names for values of rows and columns and for settings: `{ ssum = "SSUM", method = "Method", [16] = "16 shots" }`. It may have names that this table has not
- order?: any[] -- values in the order in which rows and columns have them, by their own names; others follow. Default: numbers by size, words by first occurrence, the average last
]]

options "compt.LatexOptions" [[
- caption?: string -- text of `\caption`, escaped; the notes are then a paragraph below the table. Default: title and notes
- label?: string -- name for `\label`: letters, digits, spaces and `: . _ / + -`
- raw?: boolean = false -- the caption is LaTeX and is not escaped; names, values and notes always are
- notes?: boolean = true -- write the notes
- wide?: boolean = false -- `table*`, over both columns of a page
- position?: string -- the position of the float: letters of `htbpH!`
]]

class "compt.TableCell" [[
A cell of a table.
- mean: number? -- mean over runs; nil if no run has a value
- sd: number? -- sample standard deviation (n - 1); nil for one value
- n: integer -- number of runs with a value
- expected: integer -- number of runs of this cell, finished or not
- best: boolean? -- whether the cell is marked as best
- effect: number? -- mean difference from the baseline, over the seeds that both cells have
- low: number? -- its 95 % confidence interval; nil if the differences do not vary
- high: number?
- p: number? -- p value against the baseline, after Holm's correction over the table; nil if the runs allow no test
- test: string? -- what was tested: "rows", "answers", "seeds", "seed means", "tasks"
- values: number[] -- the values
- text: string? -- text to show instead of the mean
]]

class "compt.ResultTable" [[
A table of results; `print(t)` shows it as aligned text.
- title: string?
- row_names: string[] -- names of the components of a row key
- column_names: string[] -- names of the components of a column key
- rows: any[][] -- row keys
- columns: any[][] -- column keys
- cells: compt.TableCell[][] -- cells by row and column
- digits: integer -- number of decimal places
- notes: string[] -- number of runs and seeds; tests that were made, and why others were not
- warnings: string[] -- missing runs, and runs of one cell with another program or machine
- baseline: string? -- the baseline, as in the rows
- effects: boolean -- whether differences from the baseline are shown below the table
- best: string? -- what a marked mean is: "best", or "best of the rows with the same shots"
- markdown: fun(self: compt.ResultTable): string
- latex: fun(self: compt.ResultTable, options?: compt.LatexOptions): string -- a `table` with the rules of booktabs (`\usepackage{booktabs}`). Names and values are escaped; a comment at its top says if they have characters that pdfLaTeX cannot set
- csv: fun(self: compt.ResultTable, options?: { raw: boolean? }): string -- one line per cell, with its difference from the baseline. A text that a spreadsheet would run as a formula begins with `'`; `raw = true` writes it unchanged
- json: fun(self: compt.ResultTable): string
- html: fun(self: compt.ResultTable): string
- save: fun(self: compt.ResultTable, path: string, options?: compt.LatexOptions) -- writes .md, .tex, .csv, .json, .html or .txt; the options are those of `latex` or `csv`
]]

fn "compt.report.table(runs: compt.Runs, options?: compt.TableOptions): compt.ResultTable" [[
A table with any settings as rows and columns: mean and standard deviation over seeds, number of runs, best means, and
differences from a baseline with 95 % confidence intervals. Cells with missing runs are marked and the runs listed. Runs
of one cell that differ in a setting other than the seed get rows of their own: the setting becomes a row name. Notes
below the table explain the marks that are in it, and no others. Raises an error if an option is unknown, if there are no
runs, or if no run has a setting or a value of that name.

The best mean of a column is marked among the rows that compete: those that answer the same question, and differ in how.
The question are the conditions: data (`shots`, `per`, `tasks`, `split_seed`), `backbone`, and budget (`epochs`, `steps`). Rows
with different conditions do not compete, so that in a table of methods and shots there is a best method for each number of
shots. All other settings are ways to answer: methods, rates, lengths, names of your own. A single condition that is all that
varies in rows and columns is what the table compares, and its rows compete. Rows of different tasks or seeds never do, nor
rows whose runs differ in seeds, in the tasks of their averages, in the number of test rows, or in a condition that is no
column; a note then says why there is no mark.

`*` is p < 0.05 and `**` p < 0.01 after Holm's correction (1979) in one family, the comparisons of the table that allow a
test. Runs are paired by seed. The footnote says which tests were made, and where no mark is possible and why:
- a cell of one task, if the answers of both rows to the same test rows are recorded: both rows and seeds are samples. The
  difference must stand out against rows and seeds together (`compt.statistics.crossed`) and in a sign-flip test over rows.
  For one seed it is McNemar's exact test, which says nothing of other seeds. A metric that is no mean over rows, as F1, is
  divided among the rows by the jackknife, as in Dorfman, Berbaum and Metz (1992)
- otherwise, with 6 seeds or more: the exact sign-flip test over seeds, whose claim is for these test rows
- an average over tasks, with 6 seeds or more: the exact sign-flip test over seed means; if answers are recorded, the
  difference must stand out against rows and seeds together, too. With `claim = "tasks"` and 6 tasks or more: the sign-flip
  test over the means of tasks, and tasks and seeds together as samples
> print(compt.report.table(runs, {
>   rows = "x", columns = "seed", value = "average", baseline = 1, best = "max", digits = 2, title = "doc",
>   claim = "these tasks", effects = true, label = function(run) return { x = run.settings.x } end,
>   names = { x = "X" }, order = { 2, 1 },
> }))
> print(compt.report.table(runs):latex { caption = "Scores in %", label = "tab:doc", raw = false, notes = true, wide = true, position = "t" })
]]

options "compt.ConfusionOptions" [[
- task: string -- a task with label words
- look?: string = "test" -- the evaluation: "test", "validation", "test.only-src0" and so on, as the files in `predictions/` are named. An evaluation with `decoding = "full"` ("test.decoding-full") keeps the whole texts
- limit?: integer -- maximum number of texts that are no label; the others are counted in one row. Default: all
- title?: string
]]

fn "compt.report.confusion(runs: compt.Run[], options: compt.ConfusionOptions): compt.ResultTable?" [[
A confusion matrix: every predicted text (the task's labels first, then other texts, the most frequent first) by true
label, the recall of each label (the share of its rows that are predicted as this label) and the total accuracy. Counts
of several runs are added. nil if no predictions of that evaluation are recorded. Raises an error if an option is unknown.
> compt.report.confusion(runs, { task = "nli3", look = "test", limit = 3, title = "doc" })
]]

options "compt.ValuesOptions" [[
- rows: any[][] -- names of each row, one for each of `row_names`
- columns: string[] -- names of the columns
- values: (number|false)[][] -- values by row and column; false: missing
- row_names: string[] -- what the names of a row are
- title?: string
- digits?: integer|integer[] = 1 -- number of decimal places, or that of each column
- notes?: string[] -- lines below the table, for example the source
]]

fn "compt.report.values(options: compt.ValuesOptions): compt.ResultTable" [[
A table of given numbers, for example those that a paper prints, to set beside a table of runs. Raises an error if an
option is unknown or missing, or if the values do not fit the rows and columns.
> compt.report.values {
>   title = "doc", row_names = { "method", "shots" }, rows = { { "pt", 8 }, { "ssum", 8 } }, columns = { "cola", "mnli" },
>   values = { { 35.6, 35.3 }, { 68.0, false } }, digits = 1, notes = { "the paper" },
> }
]]

fn "compt.report.answered_tasks(run: compt.Run): string[]" [[
The tasks with label words of which the run has recorded predictions.
> compt.report.answered_tasks(runs[1])
]]

options "compt.Section" [[
A section of a page.
- title: string
- text?: string -- text below the title
- parts: (compt.ResultTable|compt.Figure|string)[] -- tables, figures and paragraphs
]]

options "compt.PageOptions" [[
- path: string -- file to write
- runs: compt.Run[] -- runs whose settings, curves, controls and predictions the page shows
- title?: string
- sections?: compt.Section[] -- default: what varies, the mean of each group of runs with its interval, scores by task, and figures of the settings that vary
]]

fn "compt.report.page(options: compt.PageOptions): string" [[
Writes one HTML file that works without network, and returns its path. It has the sections, then curves with the edits of
control files, predictions, a list of runs that can be sorted and filtered, their differences, settings and environment.
Runs are named by the settings that tell them apart. The address of the page holds the view: selected runs, value, scale,
smoothing, filters. `compt report RUN...` does the same on the command line, and serves the page while runs train
(`--follow`). Raises an error if the file cannot be written.

The interval of a mean is Student's: mean ± t(0.975, n - 1) sd / sqrt(n) over the n runs of a group, for three runs or more.
Smoothed curves are exponential moving averages with factor w, debiased as in TensorBoard (Kingma and Ba 2015, section 3):
s_i = w s_(i-1) + (1 - w) y_i from s_0 = 0, drawn as s_i / (1 - w^i).
> compt.report.page {
>   path = "/tmp/compt-doc-page.html", runs = runs, title = "doc",
>   sections = { { title = "Results", parts = { compt.report.table(runs) } } },
> }
]]

fn "compt.report.grid(rows: string[][]): string" [[
Formats rows of cells as aligned text: the first column to the left, the others to the right.
> compt.report.grid { { "method", "score" }, { "ssum", "90.5" } }
]]

options "compt.ReportRun" [[
A row of `compt.report.methods`.
- name: string -- name of the row
- result: compt.Result -- result of trainer:evaluate
- baseline?: boolean -- whether this row is a baseline
]]

fn "compt.report.methods(tasks: compt.Tasks, runs: compt.ReportRun[]): string" [[
A table of methods by tasks as text: the main metric of each task in percent, the average, and the margin over the best
baseline.
> compt.report.methods(compt.tasks("micro", { tasks = { "nli3" }, shots = 2, max_test = 2 }), { { name = "doc", result = result } })
]]

class "compt.statistics" [[
Means, standard deviations, tests and confidence intervals. Each function raises an error if a list is too short.
]]

fn "compt.statistics.mean(values: number[]): number" [[
The arithmetic mean.
> compt.statistics.mean { 1, 2, 6 }
]]

fn "compt.statistics.sd(values: number[]): number" [[
The sample standard deviation, sqrt(sum((x - mean)^2) / (n - 1)); 0 for one value.
> compt.statistics.sd { 1, 2, 6 }
]]

fn "compt.statistics.paired_t(xs: number[], ys: number[]): number?, number?, string?" [[
The paired t-test (Student 1908): returns t = mean(d) / (sd(d) / sqrt(n)) for the differences d = xs - ys, and the
two-sided p value. The same as `scipy.stats.ttest_rel`, apart from equal differences, which have no variance: t is 0 and p
is 1 if all are 0, else both are nil and a reason follows. Raises an error if the lists differ in length or have fewer
than two values.
> compt.statistics.paired_t({ 3, 5, 9 }, { 1, 4, 4 })
]]

options "compt.SignFlipOptions" [[
- rounds?: integer = 9999 -- number of random signs, where not all are counted
- seed?: integer = 1 -- seed of the random signs
]]

fn "compt.statistics.sign_flip(differences: number[], options?: compt.SignFlipOptions): number, boolean" [[
The sign-flip test of paired differences (Fisher 1935): the share of all signs of the differences whose sum is as far from
0 as the observed one, a two-sided p value. It assumes that a difference and its opposite are equally likely if there is
no effect. The second result says whether all signs were counted: they are for up to 20 differences, and for more if these
are multiples of a common unit (Pagano and Tritchler 1983). Otherwise the signs are drawn, and p is (1 + hits) / (1 +
rounds) (Phipson and Smyth 2010), or the sums of 1,000 differences or more are taken to be normal. The smallest p of n differences is 2 / 2^n. The same as `scipy.stats.permutation_test` of
one sample. Raises an error if an option is unknown or a difference is no number.
> compt.statistics.sign_flip({ 1, 2.5, -0.5, 3, 2, 4 }, { rounds = 999, seed = 1 })
]]

fn "compt.statistics.mcnemar(first: integer, second: integer): number" [[
McNemar's exact test (1947) of two runs on the same rows: `first` rows only the first one answers rightly, `second` only
the other. Returns the two-sided p value of the binomial test of equal chances; 1 if both numbers are 0. The same as
`mcnemar(table, exact=True)` of statsmodels. Raises an error if a number is negative or not whole.
> compt.statistics.mcnemar(5, 15)
]]

options "compt.CrossedOptions" [[
- level?: number = 0.95 -- level of the confidence interval
]]

class "compt.Crossed" [[
A mean difference with its confidence interval.
- effect: number -- the mean of the differences
- error: number -- its standard error
- of_runs: number -- the part of the runs in it
- of_rows: number -- the part of the rows
- low: number -- confidence interval
- high: number
- p: number? -- two-sided; nil if the differences are all equal and not 0
]]

fn "compt.statistics.crossed(differences: number[][], options?: compt.CrossedOptions): compt.Crossed" [[
The mean difference of two methods on rows that several runs answered, where both rows and runs are samples:
`differences[s][i]` is that of run s on row i. The parts of the variance are those of Obuchowski and Rockette (1995) for
readers and cases; that of the runs is at least what chance in the rows alone gives. Interval and p are Banerjee's (1960):
a half width is sqrt(sum(variance * t^2)), with Student's t for runs - 1 and rows - 1 degrees of freedom. The rate of false
results is at most the nominal one, also far in the tails that Holm's correction needs. With one run, rows are the only
sample. Raises an error if an option is unknown or runs differ in their number of rows.
> compt.statistics.crossed({ { 1, 0, 0, 1 }, { 1, 0, 1, 1 }, { 0, 0, 0, 1 } }, { level = 0.95 })
]]

options "compt.BootstrapOptions" [[
- over?: "rows"|"runs"|"both" = "both" -- what is drawn from a list of runs: rows (the same for all runs), runs, or both
- level?: number = 0.95 -- level of the confidence interval
- rounds?: integer = 2000 -- number of samples
- seed?: integer = 1 -- seed of the samples
]]

fn "compt.statistics.bootstrap(values: number[]|number[][], options?: compt.BootstrapOptions): number, number" [[
The percentile bootstrap (Efron 1979): the lower and the upper end of a confidence interval of the mean of some values, or
of the values of several runs on the same rows (`values[s][i]`; drawing both is the bootstrap of Owen 2007). The same
seed gives the same interval. Over few runs alone it is too narrow: 95 % intervals over 3 simulated runs contained the true
difference in 79 % of cases, and in 40 % where runs answer rows alike. Tables show the interval of
`compt.statistics.crossed`, which held 95 %. Raises an error if an option is unknown or runs
differ in their number of rows.
> compt.statistics.bootstrap({ { 1, 0, 0, 1 }, { 1, 0, 1, 1 } }, { over = "both", level = 0.9, rounds = 500, seed = 2 })
]]

class "compt.Regression" [[
A least-squares line.
- slope: number
- intercept: number -- value at 0
- r: number -- Pearson's correlation; 0 if the ys are equal
- half_width: fun(x: number): number -- half the width of the line's 95 % confidence interval at x
]]

fn "compt.statistics.regression(xs: number[], ys: number[]): compt.Regression?" [[
Least squares of one variable: slope, intercept, correlation, and the confidence interval of the line by Student's t. The same
as `scipy.stats.linregress`. Returns nil for fewer than three points, or if the xs are equal. Raises an error if the lists
differ in length.
> compt.statistics.regression({ 1, 2, 3, 4 }, { 2, 3, 5, 6 }).slope
]]

class "compt.Friedman" [[
The result of Friedman's test.
- ranks: number[] -- mean rank of each treatment, 1 for the largest value; ties share their mean rank
- chi_squared: number -- Friedman's statistic (1937), corrected for ties
- f: number -- Iman and Davenport's statistic (1980)
- p: number -- p value of `f`, by the F distribution
]]

fn "compt.statistics.friedman(blocks: number[][]): compt.Friedman" [[
Friedman's test that treatments do not differ, over blocks such as tasks: `blocks[i][j]` is the value of treatment j. The
statistic is that of `scipy.stats.friedmanchisquare`; p follows Iman and Davenport, as Demšar (2006) recommends. Raises an error
for fewer than two blocks or treatments, or if blocks differ in length.
> compt.statistics.friedman { { 80, 82, 79 }, { 60, 61, 66 }, { 90, 91, 90 } }
]]

fn "compt.statistics.spearman(xs: number[], ys: number[]): number?, number?, string?" [[
Spearman's rank correlation (1904) with mean ranks for ties, and its two-sided p value by Student's t. The same as
`scipy.stats.spearmanr`, apart from these: nil and a reason if the values of a list are equal; p is nil, with a reason, for
two pairs and for a perfect order. Raises an error if the lists differ in length or have fewer than two values.
> compt.statistics.spearman({ 1, 2, 3, 4 }, { 2, 1, 4, 3 })
]]

fn "compt.statistics.anova(groups: number[][]): number?, number|string, integer?, integer?" [[
One-way analysis of variance (Fisher 1925): returns F, p, and the degrees of freedom between and within groups. F and p
are the same as those of `scipy.stats.f_oneway`. Returns nil and a reason if fewer than two groups have values, if there
are no more values than groups, or if the values of each group are equal and those of the groups differ.
> compt.statistics.anova { { 1, 2, 3 }, { 2, 3, 5 } }
]]

fn "compt.statistics.holm(ps: number[]): number[]" [[
The step-down correction of Holm (1979) for a family of p values, in their order. The same as `multipletests` of
statsmodels.
> compt.statistics.holm { 0.01, 0.04, 0.03 }
]]
