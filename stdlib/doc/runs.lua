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
- steps: integer? -- number of steps
- seconds: number? -- duration
- tags: string[]? -- tags set with `compt runs tag`
]]

class "compt.Runs" [[
A list of runs: `#runs`, `runs[1]`, `ipairs(runs)`.
- where: fun(self: compt.Runs, wanted: table<string, any>|fun(run: compt.Run): any): compt.Runs -- the runs with these settings, or for which a function returns true
- finished: fun(self: compt.Runs): compt.Runs -- the finished runs
- with: fun(self: compt.Runs, others: compt.Run[]): compt.Runs -- the union with other runs
- varying: fun(self: compt.Runs): string[] -- names of the settings that differ between the runs, `seed` last
- [integer]: compt.Run
]]

fn "compt.runs(paths: string|string[]): compt.Runs" [[
Reads the runs in some folders and their subfolders. Damaged folders and folders of other programs are skipped with a
message. Raises an error if a folder does not exist.
> print(compt.runs("/tmp/compt-doc-ablate"):where { x = 2 })
]]
