section "Figures"

class "compt.figures" [[
Figures of runs and of any numbers, as SVG, PDF and PNG. Their colours are those of Okabe and Ito (2008), which colour-blind
readers can distinguish; lines also differ in their dashes and markers, so they are readable in grey. `print` shows lines,
points and histograms in the terminal. All figures have the options of `compt.FigureOptions`: size, style, axes, names.
]]

options "compt.FigureOptions" [[
- title?: string -- title of the figure; "" for none
- width?: "column"|"text"|number -- width: 84 mm, 171 mm (3.3 and 6.75 inches), or a number of mm. Default: as wide as suits a screen
- height?: number -- height of each plot area in mm. Default: 0.6 of the width of a panel, within limits
- font_size?: number -- font size in points, 6 to 36; numbers in cells are smaller, but not below 6 points. Default: 8 with a width, else 8.25
- font?: string -- font family: "sans-serif", "serif" or an installed one. Characters that it lacks are boxes, with a note. PDF and PNG files have DejaVu Sans, DejaVu Serif for "serif", or the installed family; a family that is not installed is an error there
- dpi?: number -- pixels per inch of PNG files. Default: 300 with a width, else 192
- palette?: "okabe-ito"|"tol-bright"|"tol-muted"|"grey"|string[] -- colours of lines and bars; a list has "#rrggbb". Default: "okabe-ito"
- legend?: "below"|"top"|"right"|"inside"|"none" -- where the names are; "inside" is the emptiest corner of the plot area of lines. Panels with the same names share one legend. Default: "below"
- share?: "none"|"x"|"y"|"both" -- panels have the same axes, with numbers and labels at the edge only. Default: "none"
- names?: table<string, string> -- new names of lines, rows, columns and groups: `{ ssum = "SSUM" }`. A name such as `ssum, shots 8` is renamed by its first part
- order?: string[] -- the names that come first, by their old names; the others follow as they are
- notes?: boolean -- whether the notes below the title are shown. Default: true
- x_label?: string -- label of the lower axis, with its unit
- y_label?: string
- x_limits?: number[] -- { low, high }: lines are cut there, and points beyond are left out
- y_limits?: number[]
- x_scale?: "linear"|"log"
- y_scale?: "linear"|"log" -- a logarithmic axis is used if all values are positive
- x_ticks?: number[] -- places of the numbers
- y_ticks?: number[]
]]

options "compt.PanelsOptions: compt.FigureOptions" [[
- columns?: integer -- the largest number of panels side by side, at most 3; with a width there are fewer where they do not fit. Default: 1 for one panel, 2 for several
]]

class "compt.Figure" [[
A figure.
- chart: table<string, any> -- its content as plain data
- with: fun(self: compt.Figure, options: compt.PanelsOptions): compt.Figure -- a copy with these options
- svg: fun(self: compt.Figure, options?: compt.PanelsOptions): string
- text: fun(self: compt.Figure, columns?: integer): string -- the figure in Braille dots and blocks, 76 columns wide by default, 20 to 1000, if all its panels are lines, points or histograms; else its title. `print(figure)` and the prompt show it
- save: fun(self: compt.Figure, path: string, options?: compt.PanelsOptions) -- writes .svg; .pdf with embedded fonts, or .png, if compt was built with its feature `pictures` (the default)
]]

options "compt.LinesOptions: compt.FigureOptions" [[
- x: string -- a setting with numbers as values
- by?: string -- a setting; one line per value. A number is named with its setting: `shots 8`
- value?: string|fun(run: compt.Run): number? = "average" -- value of a run: a number of the run or one that `run` returned (`gap.mcat`), the score of a task (`scores.nli3.accuracy`), or a metric, whose mean over the tasks with it is shown
- interval?: "sd"|"t"|"bootstrap"|"range"|"none" = "sd" -- the mean with: one standard deviation (n - 1), the 95 % confidence interval by Student's t, the 95 % percentile bootstrap interval of the mean, the minimum and the maximum, or nothing. One value has no interval
- spread?: "band"|"bars" = "band" -- the interval as a band, or as error bars
- log?: boolean = false -- logarithmic x axis
]]

fn "compt.figures.lines(runs: compt.Runs, options: compt.LinesOptions): compt.Figure" [[
A value over a setting: mean over runs, with an interval that the notes name. Runs of one point that differ in a
setting other than the seed get lines of their own. The axis of a quantity that cannot be negative does not go below 0.
Raises an error if an option is unknown, no run has a setting of that name, `x` has values that are not numbers, or no run has
the value; it lists the values that there are.
> compt.figures.lines(runs, {
>   x = "x", by = "seed", value = "average", interval = "bootstrap", spread = "bars", y_label = "score (%)", log = true,
>   title = "doc", names = { ["seed 1"] = "first" }, width = "column",
> })
]]

options "compt.BarsOptions: compt.FigureOptions" [[
- x: string -- a setting of any kind; one place per value
- by?: string -- a setting; one colour per value
- value?: string|fun(run: compt.Run): number? = "average" -- value of a run, as for compt.figures.lines
- interval?: "sd"|"t"|"bootstrap"|"range"|"none" = "sd" -- the error bars, as for compt.figures.lines
]]

fn "compt.figures.bars(runs: compt.Runs, options: compt.BarsOptions): compt.Figure" [[
A value by a setting of any kind, as bars from 0 with error bars. Raises an error as `compt.figures.lines`.
> compt.figures.bars(runs, { x = "x", by = "seed", value = "average", interval = "none" })
]]

options "compt.CurvesOptions: compt.FigureOptions" [[
- by?: string -- a setting; one curve per value. Default: one curve per run
- value?: string = "loss" -- a recorded value: "loss", "grad_norm", "temperature", "seconds", "lr.GROUP", "task_losses.TASK", "grad_norms.GROUP" of each step; "validation", "validation.TASK" and "weights.TASK.src0" (the router's weight of a source at inference) of each evaluation with `evaluate_every`; "test", "test.TASK" at the last step. "task_losses.*" stands for all of them
- points?: integer = 60 -- number of points of a curve of steps; each is the mean over an equal part of the steps
- smooth?: number = 0 -- factor of an exponential moving average, from 0 to below 1, without its bias at the start, as in TensorBoard
- interval?: "sd"|"t"|"bootstrap"|"range"|"none" = "sd" -- the band, as for compt.figures.lines, over runs
- log?: boolean -- logarithmic y axis. Default: for losses that span more than a factor of 100
]]

fn "compt.figures.curves(runs: compt.Runs, options?: compt.CurvesOptions): compt.Figure" [[
A recorded value over steps: mean over runs, with an interval. Runs of one curve that differ in a setting other
than the seed, or in their number of steps, get curves of their own, and so do runs that have not finished, named with
their state and step. Raises an error if an option is unknown, or if no run has recorded the value; it lists what is recorded.
> compt.figures.curves(runs, { by = "x", value = "test", points = 40, smooth = 0.6, interval = "range", title = "doc", log = false })
]]

options "compt.HeatOptions: compt.FigureOptions" [[
- rows: string[] -- names of the rows
- columns: string[] -- names of the columns
- values: (number|false)[][] -- values by row and column; false: missing
- shades?: "sequential"|"diverging"|"grey" = "sequential" -- light to dark blue; blue over white to red; light to dark grey
- center?: number -- value of white, with diverging shades. Default: 0
- low?: number -- value of the first colour. Default: the smallest value; with diverging shades, as far from the center as the furthest value
- high?: number -- value of the last colour. Default: as `low`
- digits?: integer = 1 -- number of decimal places
- numbers?: boolean = true -- write the values in the cells
- runs?: compt.Run[] -- the runs of the figure, to show their number below it
]]

fn "compt.figures.heat(options: compt.HeatOptions): compt.Figure" [[
A heat map with the values written in its cells. Raises an error if an option is unknown or missing.
> compt.figures.heat {
>   rows = { "a", "b" }, columns = { "src0", "src1" }, values = { { 1, -2 }, { false, 4 } }, title = "doc", x_label = "",
>   y_label = "", shades = "diverging", center = 1, low = -4, high = 4, digits = 0, numbers = true, runs = runs,
> }
]]

options "compt.TransferOptions: compt.FigureOptions" [[
- source: string -- a setting, such as the task whose prompt a run started from; one row per value
- baseline?: any -- a value of that setting; the cells are differences from it, in diverging shades
- value?: string = "average" -- a metric; default: the main metric of each task
- low?: number -- as for compt.figures.heat
- high?: number
- digits?: integer = 1 -- number of decimal places
]]

fn "compt.figures.transfer(runs: compt.Runs, options: compt.TransferOptions): compt.Figure" [[
Scores of each task by a setting, means over runs, as a heat map: how prompts of one task serve another (Vu et al. 2022). Raises
an error if an option is unknown, or no run has the setting, the baseline or the metric.
> compt.figures.transfer(compt.ablate {
>   name = "doc", out = os.tmpname() .. "_grid", grid = { from = { "none", "nli3" }, seed = { 1 } },
>   run = function(s) return { average = 50, scores = { qnli = { accuracy = #s.from } } } end,
> }, { source = "from", baseline = "none", value = "accuracy", low = -5, high = 5, digits = 0 })
]]

options "compt.BoxesOptions: compt.FigureOptions" [[
- groups: table[] -- groups { name, values }
- form?: "box"|"violin"|"strip" = "box" -- box plots (Tukey 1977), kernel densities (Hintze and Nelson 1998), or the values as points
- runs?: compt.Run[] -- the runs of the figure, to show their number below it
]]

fn "compt.figures.boxes(options: compt.BoxesOptions): compt.Figure" [[
Groups of values, with a one-way ANOVA of their means, or the reason why there is none. Quartiles are those of
`numpy.quantile`, densities those of `scipy.stats.gaussian_kde`. Raises an error if an option is unknown or missing.
> compt.figures.boxes {
>   groups = { { name = "a", values = { 1, 2, 3 } }, { name = "b", values = { 2, 3, 5 } } }, form = "violin", title = "doc",
>   y_label = "score", runs = runs,
> }
]]

options "compt.ForestOptions: compt.PanelsOptions" [[
- baseline: any -- the row that the others are compared with
- by?: string = "method" -- a setting; one row per value
- panels?: string -- a setting, or "task"; one panel per value
- value?: string|fun(run: compt.Run): number? = "average" -- value of a run, as for compt.report.table
- claim?: "these tasks"|"tasks" = "these tasks" -- as for compt.report.table
- sort?: boolean = true -- the largest difference first
- digits?: integer = 1 -- number of decimal places
]]

fn "compt.figures.forest(runs: compt.Runs, options: compt.ForestOptions): compt.Figure" [[
Differences from a baseline with 95 % confidence intervals, and the marks of their tests: a forest plot of the numbers of
`compt.report.table`. Raises an error if an option is unknown, or no run has the value or the baseline.
> compt.figures.forest(runs, { baseline = 1, by = "x", value = "average", sort = false, digits = 2, claim = "these tasks" })
]]

options "compt.RanksOptions: compt.FigureOptions" [[
- by?: string = "method" -- a setting; one rank per value
- value?: string = "average" -- a metric; default: the main metric of each task
- alpha?: number = 0.05 -- level of the critical difference: 0.05 or 0.1
]]

fn "compt.figures.ranks(runs: compt.Runs, options?: compt.RanksOptions): compt.Figure" [[
A critical-difference diagram (Demšar 2006): mean ranks over tasks of the means over seeds, Friedman's test
(`compt.statistics.friedman`), and bars over ranks that differ by less than the critical difference of Nemenyi's test. Runs that differ in more
than the seed are ranked apart. Tasks that not all have are left out, with a note. Raises an error if an option is unknown, or for fewer than two values or tasks.
> compt.figures.ranks(compt.ablate {
>   name = "doc", out = os.tmpname() .. "_grid", grid = { method = { "pt", "ssum", "msum" }, seed = { 1, 2 } },
>   run = function(s)
>     return { average = 50, scores = { qnli = { accuracy = #s.method + s.seed }, nli3 = { accuracy = 2 * #s.method } } }
>   end,
> }, { by = "method", value = "accuracy", alpha = 0.1 })
]]

options "compt.PromptsOptions: compt.FigureOptions" [[
- groups?: table<string, string> -- the group of each prompt, by its name; each has a sign and a colour
- pool?: boolean = false -- compare means over the tokens, as prompts of different lengths need
- labels?: boolean = true -- write the names beside the points
]]

fn "compt.figures.prompts(prompts: table<string, torch.Tensor>, options?: compt.PromptsOptions): compt.Figure" [[
Prompts [m, d] by name as points: their first two principal components, as `sklearn.decomposition.PCA` of the flattened
prompts. Raises an error if an option is unknown, there are fewer than three prompts, or their shapes differ.
> compt.figures.prompts({ a = torch.randn(2, 8), b = torch.randn(2, 8), c = torch.randn(2, 8) }, { pool = true, labels = true, groups = { a = "source" } })
]]

options "compt.PlotOptions: compt.FigureOptions" [[
- x?: number[]|torch.Tensor -- places of the values; default: 1, 2, 3 ...
- log?: boolean = false -- logarithmic y axis
]]

fn "compt.figures.plot(values: table|torch.Tensor, options?: compt.PlotOptions): compt.Figure" [[
Lines of any numbers: of a list or a tensor [n], of a list of lists or a tensor [s, n] (s lines), or of a table of them by
name. `print` shows the figure in the terminal: one line in dots, several by their signs. NaN and infinity are gaps; points
whose x is not finite are left out, with a note. Raises
an error if an option is unknown, something is not a number, or `x` has another length.
> compt.figures.plot(torch.linspace(0, 6, 50):sin(), { title = "doc", x = torch.linspace(0, 6, 50), x_label = "x", y_label = "sin", log = false })
> compt.figures.plot { loss = { 3, 2, 1 }, validation = { 3, 2.5, 2.4 } }
]]

options "compt.ScatterOptions: compt.FigureOptions" [[
- by?: any[] -- the group of each point; each group has a sign and a colour
- labels?: any[] -- a text beside each point
- regression?: boolean = false -- the least-squares line of each group with its 95 % confidence band
]]

fn "compt.figures.scatter(x: table|torch.Tensor, y: table|torch.Tensor, options?: compt.ScatterOptions): compt.Figure" [[
Points: one for each number of `x` and `y`, lists or tensors of any shape. Raises an error if an option is unknown,
something is not a number, or the lengths differ.
> compt.figures.scatter({ 1, 2, 3, 4 }, { 2, 4, 5, 7 }, {
>   by = { "a", "a", "a", "a" }, labels = { "p", "q", "r", "s" }, regression = true, title = "doc", x_label = "x", y_label = "y",
> })
]]

options "compt.HistogramOptions: compt.FigureOptions" [[
- bins?: integer -- number of bins of equal width; default: that of `numpy.histogram(bins="auto")` in numpy 2.4
]]

fn "compt.figures.histogram(values: table|torch.Tensor, options?: compt.HistogramOptions): compt.Figure" [[
The number of values in each bin, of a list or tensor of any shape; the last bin has both of its ends, as in
`numpy.histogram`. Values that are not finite are left out, with a note. Raises an error if an option is unknown or something
is not a number.
> compt.figures.histogram(torch.randn(200), { bins = 8, title = "doc", x_label = "weight", y_label = "count" })
]]

options "compt.CalibrationOptions: compt.FigureOptions" [[
- bins?: integer = 10 -- number of bins of equal width from 0 to 1
- label?: string = "label" -- for rows of `t:predict`: the column with the right answer
]]

fn "compt.figures.calibration(confidences: table|torch.Tensor, correct: table|torch.Tensor, options?: compt.CalibrationOptions): compt.Figure" [[
A reliability diagram: the share of right predictions by confidence, and the expected calibration error (Guo et al. 2017).
`confidences` are numbers from 0 to 1 and `correct` true or false, or 1 and 0, in the same order. `confidences` can also be the
rows of `t:predict`, whose column `label` has the right answers; the options are the second argument then. Raises an error if an
option is unknown, the lengths differ, or a row has no score.
> compt.figures.calibration({ 0.9, 0.8, 0.6, 0.4 }, { true, true, false, true }, { bins = 5 })
> compt.figures.calibration({ { score = 0.9, prediction = "yes", label = "yes" } }, { label = "label" })
]]

options "compt.ChartOptions: compt.PanelsOptions" [[
- panels: table[] -- descriptions, each with its `kind`
- notes?: string[]|boolean -- lines below the title
]]

fn "compt.figures.chart(options: compt.ChartOptions): compt.Figure" [[
A figure from descriptions of its panels. Every panel has `kind` and may have `title`. Lists of one panel have the same
length; `false` in a list is a missing value. `x_axis` and `y_axis` are { log, limits, ticks, bounds }, where `bounds` are the ends of
what the quantity can be. Kinds:

`lines`: `series` (a list of { name, x, mean, low, high, form, like, labels }; `form` is "line", "curve" (without markers),
  "points" or "reference"; `like` is the number of the series whose colour it has), `x_label`, `y_label`, `x_axis`, `y_axis`, `spread`
  ("band" or "bars"), `steps` (the x axis is the steps from 1 to this one), `scatter` (points without lines)

`bars`: `names`, `series` (a list of { name, mean, low, high }), `x_label`, `y_label`, `y_axis`

`histogram`: `edges`, `counts` (one less), `x_label`, `y_label`

`heat`: `rows`, `columns`, `values` (a list for each row), `x_label`, `y_label`, `low`, `high`, `digits`, `shades`, `center`, `numbers`

`groups`: `groups` (a list of { name, values }), `form` ("box", "violin" or "strip"), `x_label`, `y_label`, `y_axis`, `note`

`forest`: `rows` (a list of { name, effect, low, high, mark }), `baseline`, `x_label`, `x_axis`, `digits`

`ranks`: `names`, `ranks`, `critical`

`bands`: `steps`, `bands` (a list of { name, spans }; a span is { from, to, word }), `x_label`
> compt.figures.chart {
>   title = "doc", notes = { "two panels" }, columns = 1, panels = {
>     { kind = "lines", series = { { name = "loss", x = { 1, 2, 3 }, mean = { 3, false, 1 } } }, steps = 3 },
>     { kind = "bands", steps = 3, bands = { { spans = { { from = 1, to = 2, word = "softmax" } } } } },
>   },
> }:svg()
]]

fn "compt.figures.beside(figures: compt.Figure[], options?: compt.PanelsOptions): compt.Figure" [[
Joins figures into one, each with its own title. The default of `columns` is at most three, and two for four figures. Raises an
error if an option is unknown.
> compt.figures.beside({ compt.figures.plot { 1, 3 }, compt.figures.plot { 2, 5 } }, { title = "doc", columns = 2, share = "y" })
]]
