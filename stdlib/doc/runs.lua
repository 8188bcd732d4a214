section "Grids and runs"

options "compt.GridOptions" [[
Cells are every combination of `grid`, with the rows of `zip` and of `list`; each is `settings` with those over them.
- settings?: table<string, any> -- of every cell
- grid?: table<string, any> -- lists of values by setting: every combination; seeds vary slowest
- zip?: table<string, any[]> -- lists of one length: the first values together, the second ones, and so on
- list?: table<string, any>[] -- cells, or parts of them, one by one
- where?: fun(settings: table<string, any>): any -- whether a cell is wanted
- derive?: fun(settings: table<string, any>): table<string, any>? -- settings that follow from others, over these
]]

fn "compt.grid(options: compt.GridOptions): table<string, any>[]" [[
The cells of a grid, as a list of settings.
> cells = compt.grid {
>   settings = { epochs = 30 }, grid = { method = { "ssum", "mcat" }, seed = { 1, 2 } },
>   zip = { shots = { 8, 16 }, epochs = { 50, 30 } }, list = { { sources = 3 } },
>   where = function(s) return s.method ~= "mcat" or s.shots > 8 end,
>   derive = function(s) return { length = s.method == "mcat" and 10 or 20 } end,
> }
]]

options "compt.AblateOptions: compt.GridOptions" [[
- run: fun(settings: table<string, any>): any -- trains and evaluates a cell; what it returns, plain data, is recorded
- name?: string -- of the grid; by default the script's
- out?: compt.folder -- where the cells' folders are made; by default `--out`, or `runs/` and the script's name
- files?: string[] -- settings that are paths of files or folders (`data` and `backbone` are, always), and paths that runs depend on and no setting names
- args?: boolean = true -- whether the values of `--set` count, so that others are other runs; false where only settings reach `run`
]]

fn "compt.ablate(options: compt.AblateOptions): compt.Runs" [[
Runs a function for every cell of a grid, each in a folder of its own, and gives the runs. A cell that is
finished is not run again as long as its settings, the code of `run` (its file and what that requires), the content
of the files that the settings `data`, `backbone` and those in `files` name, `--set`, `--device`, the seed and the program are the same; one that was stopped goes on from its checkpoint; one that failed is
recorded with its error, and the others go on. Several processes may work on one grid. `compt run --jobs N` runs N at
a time, `--dry-run` lists them. In `run` the first trainer's run is the cell's, `compt.seed` and the generators begin
with the setting `seed`; settings are plain data. A setting `name`, or else `method`, begins the folder's name.
> runs = compt.ablate {
>   name = "doc", out = "/tmp/compt-doc-ablate", files = { "Cargo.toml" }, args = true, grid = { x = { 1, 2 }, seed = { 1, 2, 3 } },
>   run = function(s) return { average = s.x + s.seed / 10 } end,
> }
]]

class "compt.Run" [[
A recorded run.
- path: string -- its folder
- name: string -- the folder's name
- state: "finished"|"running"|"unfinished"|"failed"|"missing" -- how far it is
- error: string? -- why it failed
- settings: table<string, any> -- of a cell its own, else the resolved configuration: `method`, `shots`, `seed`, `method.length` ...
- scores: table<string, table<string, number>>? -- task -> metric -> percent, on the test rows
- metrics: table<string, string[]>? -- the metrics of each task, the main one first
- average: number? -- of the main metrics
- values: any -- what a cell's function returned
- looks: table<string, any>[]? -- evaluations under other masks, weights or rows
- counts: table<string, integer>? -- rows evaluated by task
- steps: integer? -- made
- seconds: number? -- spent
- tags: string[]? -- words given by `compt runs tag`
]]

class "compt.Runs" [[
Runs as a list: `#runs`, `runs[1]`, `ipairs(runs)`.
- where: fun(self: compt.Runs, wanted: table<string, any>|fun(run: compt.Run): any): compt.Runs -- those with these settings, or that a function accepts
- finished: fun(self: compt.Runs): compt.Runs -- those that are finished
- with: fun(self: compt.Runs, others: compt.Run[]): compt.Runs -- these and others, each once
- varying: fun(self: compt.Runs): string[] -- the settings that are not the same in all, `seed` last
- [integer]: compt.Run
]]

fn "compt.runs(paths: string|string[]): compt.Runs" [[
The runs at or below some folders. What is damaged, or no run, is told and left out.
> print(compt.runs("/tmp/compt-doc-ablate"):where { x = 2 })
]]
