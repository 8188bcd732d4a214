section "Search"

alias "compt.Scheduler" [[
How the trials of a search are made. A trial is a point of the space.
"halving" -- successive halving (Jamieson and Talwalkar 2016; Li et al. 2018). Each trial makes 1/9 of a run; the best third of them go on to 1/3, and of these the best third to the end (with `reduction = 3` and 3 rungs). The training costs at most the budget
"asha" -- the rule of ASHA (Li et al. 2020, algorithm 2): a trial goes on as soon as it is among the best third of the results so far, and no worker waits for the end of a rung. Results count in the order of the trials, whichever worker is first, so that the same trials go on with any number of workers: those of ASHA with one worker. The number of trials is that of "halving"; trials that go on early and would not have gone on in the end cost more than the budget (about the square root of their number in each rung)
"random" -- as many trials as the budget has runs, each in full (Bergstra and Bengio 2012)
"grid" -- all combinations of lists, each in full
]]

class "compt.SearchRange" [[
A range of numbers in the space of a search.
- low: number -- the lowest value
- high: number -- the highest value
- log?: boolean = false -- a logarithmic scale: as many trials between 0.01 and 0.1 as between 0.1 and 1; `low` is above 0
- whole?: boolean = false -- whole numbers only; other numbers are rounded to 4 significant digits
]]

options "compt.SearchOptions" [[
- run: (fun(settings: table<string, any>): any)|string -- a function, or a file beside the script that returns one (as in compt.ablate), that makes a trial: trains with `t:run()` and returns `t:evaluate "validation"`, or a number or a table with the objective
- space: table<string, any[]|compt.SearchRange> -- the values of each setting that is searched: a list, or a range
- settings?: table<string, any> -- settings of all trials
- budget?: number -- training steps of all trials together, as a number of full runs, 1 or more; only "grid" has a default: its number of points
- scheduler?: compt.Scheduler = "halving" -- how the trials are made
- objective?: string = "average" -- the number that is compared: a field of what `run` returns; `scores.nli2.accuracy` is a field of a field
- goal?: "highest"|"lowest" = "highest" -- which objective is the best
- reduction?: integer = 3 -- one of so many trials goes on to the next rung; only "halving" and "asha"
- rungs?: integer -- number of rungs; the first one makes `reduction ^ (1 - rungs)` of a run; default: 3, or what the budget pays for if that is less; only "halving" and "asha"
- seed?: integer = 0 -- seed of the points; `--seed` and the setting `seed` are those of the training
- name?: string -- name of the search; default: that of the script
- out?: compt.folder -- folder of the runs; default: `--out`, or `runs/` and the name of the script
- files?: string[] -- as for compt.ablate
- args?: boolean = true -- as for compt.ablate
]]

class "compt.Search" [[
The result of a search. `print` shows its trials: those that came furthest first, and among them the best.
- settings: table<string, any> -- the settings of the best trial that was made in full
- value: number -- its objective
- path: string -- folder of its run, for `t:load`
- trials: compt.Runs -- all runs; each rung of a trial is one, with the settings of the trial and `budget`, its share of a full run. Their `scores` are those of validation rows
- spent: number -- training that was done, in full runs
- record: string -- path of the record
]]

fn "compt.search(options: compt.SearchOptions): compt.Search" [[
Looks for the best settings of a space with a budget of training steps, and returns them.

`run` is called as by compt.ablate, with a folder for each call, and with the additional setting `budget`, the share of a
full run. It declares its trainer with all steps; `t:run()` makes the steps up to that share and saves a checkpoint.
A trial that goes on starts with a copy of its run so far: its losses and parameters are those of a run that was made at
once. Of two equal objectives the earlier trial is the better one. With "halving" and "asha" a trial trains one trainer, with
`t:run()` only, and in one stage: a method that trains task after task, such as `pt` or `lora`, has seen some of the tasks
only in a part of its steps. Use "random" for it, or search for one task.

The choice is made on validation rows: in a trial `t:evaluate "test"` is an error that ends the search, and so is a setting
of the space that `run` never reads. A trial that fails counts as the worst; it is named, and made again when
the script is run again. `search.json` (`search-NAME.json` for a search with a name) beside the runs records the space, the
budget, each trial with its objectives, the rows, and the choice.

Runs are claimed, stopped and continued as those of compt.ablate: a search that was stopped at any moment and is started again
ends with the same result, and `--jobs`, `--dry-run` and `compt sweep` work. A dry run and a plan show one rung at a time, which is one grid
of the script: `compt sweep submit` again plans the next one. Raises an error before anything is trained
if an option, the space or the objective is wrong, or the budget is below one run or does not pay for `rungs`; and in the end if no trial
was made in full.
> best = compt.search {
>   name = "doc", out = "/tmp/compt-doc-search", space = { x = { low = 0.1, high = 10, log = true }, y = { 1, 2, 3 } },
>   budget = 3, scheduler = "asha", settings = { z = 1 }, objective = "score", goal = "lowest", reduction = 2, rungs = 2,
>   seed = 1, files = { "Cargo.toml" }, args = false,
>   run = function(s) return { score = (s.x - s.y) ^ 2 + s.z / s.budget } end,
> }
> print(best.settings.x, best)
]]
