section "Grids and runs"

options "compt.GridOptions" [[
The cells of a grid: each combination of `grid`, of a row of `zip` and of an entry of `list`. These override `settings`.
- settings?: table<string, any> -- settings of every cell
- grid?: table<string, any> -- lists of values by setting; all combinations. Seeds vary slowest
- zip?: table<string, any[]> -- lists of the same length by setting; the first values go together, the second values, and so on
- list?: table<string, any>[] -- explicit cells; each may have only some of the settings
- where?: fun(settings: table<string, any>): any -- keeps a cell if it returns true
- derive?: fun(settings: table<string, any>): table<string, any>? -- returns settings that follow from others
]]

fn "compt.grid(options: compt.GridOptions): table<string, any>[]" [[
The cells of a grid as a list of settings. Raises an error if an option is unknown or lists of `zip` differ in length.
> cells = compt.grid {
>   settings = { epochs = 30 }, grid = { method = { "ssum", "mcat" }, seed = { 1, 2 } },
>   zip = { shots = { 8, 16 }, epochs = { 50, 30 } }, list = { { sources = 3 } },
>   where = function(s) return s.method ~= "mcat" or s.shots > 8 end,
>   derive = function(s) return { length = s.method == "mcat" and 10 or 20 } end,
> }
]]

options "compt.AblateOptions: compt.GridOptions" [[
- run: (fun(settings: table<string, any>): any)|string -- trains and evaluates a cell; it returns plain data, which is recorded. Or a file beside the script that returns such a function, "cell.lua": an edit of the script then does not change the hash of its runs
- name?: string -- name of the grid; default: that of the script
- out?: compt.folder -- folder of the cells; default: `--out`, or `runs/` and the name of the script
- files?: string[] -- settings whose values are paths (`data` and `backbone` always are), and further paths that runs depend on. Their content is part of the hash
- args?: boolean = true -- whether `--set` values are part of the hash; use false if `run` reads only its settings
]]

fn "compt.ablate(options: compt.AblateOptions): compt.Runs" [[
Calls `run` for every cell of a grid, with a separate folder for each cell, and returns the runs.

A finished cell is not run again while its hash is the same. The hash covers the settings, the source file of `run`
and the modules it requires, the content of the files in `data`, `backbone` and `files`, the values of `--set`,
`--device` and `--seed`, and the program. A stopped cell continues from its checkpoint. A failed cell is recorded with
its error and does not stop the others. Several processes can work on one grid. `compt run --jobs N` runs N cells at a
time; `--dry-run` lists them.

In `run`, the first trainer is the run of the cell; `compt.seed` and the random generators start from the setting
`seed`. The setting `name`, or else `method`, is the first part of the folder's name. Raises an error if an option is
unknown, a setting is not plain data, or no cell is left.
> runs = compt.ablate {
>   name = "doc", out = "/tmp/compt-doc-ablate", files = { "Cargo.toml" }, args = true, grid = { x = { 1, 2 }, seed = { 1, 2, 3 } },
>   run = function(s) return { average = s.x + s.seed / 10 } end,
> }
]]

class "compt.Run" [[
A recorded run.
- path: string -- folder of the run
- name: string -- name of the folder
- state: "finished"|"running"|"unfinished"|"failed"|"damaged"|"missing" -- state of the run; damaged: a record of it cannot be read
- error: string? -- error message of a failed run
- settings: table<string, any> -- settings of the cell, or the resolved configuration: `method`, `shots`, `seed`, `method.length` ...
- scores: table<string, table<string, number>>? -- test scores by task and metric, in percent
- metrics: table<string, string[]>? -- metrics of each task, the main one first
- average: number? -- mean of the main metrics
- values: any -- return value of `run` for a cell
- looks: table<string, any>[]? -- other evaluations of the run, with other source prompts, router weights or rows
- counts: table<string, integer>? -- number of evaluated rows by task
- steps: integer? -- number of steps; of a running run those recorded so far
- newest: integer? -- in `runs:newest()`: the step after which its scores were measured
- seconds: number? -- duration
- tags: string[]? -- tags set with `compt runs tag`
]]

class "compt.Runs" [[
A list of runs: `#runs`, `runs[1]`, `ipairs(runs)`.
- where: fun(self: compt.Runs, wanted: table<string, any>|fun(run: compt.Run): any): compt.Runs -- the runs with these settings (`{ method = { "pt", "ssum" } }`: with one of these values), or for which a function returns true
- finished: fun(self: compt.Runs): compt.Runs -- the finished runs
- newest: fun(self: compt.Runs): compt.Runs -- the same runs with their newest scores on validation rows (`evaluate_every`), whether they have finished or not; tables and figures of them say so. Runs without any are left out with a message
- with: fun(self: compt.Runs, others: compt.Run[]): compt.Runs -- the union with other runs
- varying: fun(self: compt.Runs): string[] -- names of the settings that differ between the runs, `seed` last
- rows: fun(self: compt.Runs, table: compt.RunsTable): table<string, any>[], string[] -- the rows of a table of what the runs recorded, and the names of its columns in order; what is missing is nil
- export: fun(self: compt.Runs, path: string, options?: compt.RunsExportOptions) -- writes such a table to a .csv, .jsonl or .parquet file, as `compt runs export` does
- [integer]: compt.Run
]]

alias "compt.RunsTable" [[
A table of what runs recorded. Each row begins with the run that it belongs to: `run` (its name), `path`, `state`, `method`,
`seed`, `shots`, and the other settings in which the runs differ (`setting.NAME`, if the table has a column of that name).
- "evaluations" -- a row per evaluation: `evaluation` ("result": the scores of the run; "training": on validation rows during training; "further": with other prompts, weights or rows), `split`, `step`, its options (`only`, `limit` ...), `average`, `rows`, `tasks`
- "scores" -- a row per evaluation, task and metric: the same, with `task`, `metric`, `main` (the metric of which averages are means), `score` in percent and `rows`. Evaluations during training record the main metric only
- "settings" -- a row per run: `error`, `seconds`, `tags`, all settings and what its machine and versions are (`environment.NAME`)
- "steps" -- a row per step: `step`, `epoch`, `loss`, `grad_norm`, `lr.GROUP`, `task_losses.TASK` ...
]]

options "compt.RunsExportOptions" [[
- table?: compt.RunsTable -- default: the name of the file, if it is that of a table ("scores.csv")
- raw?: boolean = false -- in CSV, do not write `'` before a text that a spreadsheet would run as a formula
]]

fn "compt.runs(paths: compt.run_folder|compt.run_folder[]): compt.Runs" [[
Reads the runs in some folders and their subfolders, also of runs that are being trained (`state` is "running"). Tables
and figures use finished runs, and say how many are missing; those of `runs:newest()` use runs in progress, too. Damaged folders and folders of other programs are skipped with a
message. Raises an error if a folder does not exist.
> print(compt.runs("/tmp/compt-doc-ablate"):where { x = 2 })
]]

options "compt.LoadRunOptions" [[
- device?: torch.device -- where to compute; default: `--device`
- backbone?: compt.folder|string -- the backbone, if that of the run was moved or renamed: a folder or a model of the hub
]]

class "compt.LoadedRun" [[
A run of an earlier process, or of one that trains it now, with its newest checkpoint.
- path: string -- its folder
- name: string -- name of the run
- tasks: string[] -- names of its tasks
- steps: integer? -- step of the newest checkpoint; nil if there is none
- total_steps: integer -- number of steps of the whole run
- config: table<string, any> -- `config.json`
- method: table<string, any> -- the method in `config`: its name and its options
- history: compt.History -- recorded losses, learning rates and scores; of a running run those so far
]]

fn "compt.load_run(run: compt.run_folder, options?: compt.LoadRunOptions): compt.LoadedRun" [[
Opens a recorded run. Nothing is computed or written, and none of its code is run, before it is asked.

`predict` and `generate` need the backbone and the recorded prompts (`prompts.safetensors`), but neither the data nor the
script. `evaluate`, `trainer`, parts of the composition, methods without a complete prompt of each task, and runs that
have not ended need the trainer: it is rebuilt from `config.json` and the newest checkpoint, which reads the data of the
tasks; a method or tasks with functions of the script cannot be rebuilt (`compt eval RUN` runs the script again).

Raises an error if the folder is not that of a run or its `config.json` cannot be read.
> recorded = compt.trainer { backbone = b, tasks = tasks, method = compt.methods.pt { length = 4 }, steps = 1, progress = false, out = "/tmp/compt-doc-run" }
> recorded:run()
> r = compt.load_run(recorded.out, { device = "cpu", backbone = "micro" })
]]

method "compt.LoadedRun:predict(options: compt.PredictOptions): compt.RowPrediction[]" [[
Predicts new rows, as `compt.Trainer:predict` and `compt predict` do. Raises their errors, and an error if the backbone of
the run is missing or has other weights.
> r:predict { task = "nli3", text = { premise = "mia likes the song .", hypothesis = "mia hates the song ." } }
]]

method "compt.LoadedRun:generate(options: compt.GenerateTextOptions): compt.GeneratedText[]" [[
Generates a text for each new row, as `compt.Trainer:generate` does. Raises the errors of `predict`.
> r:generate { task = "nli3", text = { premise = "a", hypothesis = "b" }, max_new_tokens = 4 }
]]

method "compt.LoadedRun:evaluate(split?: compt.Split|compt.EvaluateOptions, options?: compt.EvaluateOptions): compt.Result" [[
Evaluates the newest checkpoint, as `compt.Trainer:evaluate` does; nothing is recorded. Raises an error if the trainer
cannot be rebuilt, or the run has no checkpoint yet.
> r:evaluate("test", { limit = 2 })
]]

method "compt.LoadedRun:trainer(): compt.Trainer" [[
The trainer of the run with the newest checkpoint, to read its prompts, router and parameters. It makes no steps. Raises
an error if it cannot be rebuilt, or the run has no checkpoint yet.
> r:trainer():prompt "nli3"
]]
