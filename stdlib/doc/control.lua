section "Controls and schedules"

class "compt.View" [[
The state of the run that the functions of a control can read. It is read-only; a field that does not exist is an
error. Moving averages are exponential: 0.9 of the old value plus 0.1 of the new one.
- step: integer -- the step about to be made, from 1, counted in its stage
- total_steps: integer -- number of steps of the stage
- stage: string -- name of the stage; empty if there is only one
- epoch: integer -- current epoch, from 1
- progress: number -- share of the stage's steps that are done, in [0, 1)
- task_sizes: table<string, integer> -- number of training rows by task
- loss: number? -- loss of the previous step; nil at the first step
- loss_average: number? -- moving average of the loss
- task_losses: table<string, number> -- last loss of each task that has been in a batch
- task_loss_averages: table<string, number> -- moving average of the loss of each such task
- epoch_losses: number[] -- mean training loss of each finished epoch
- grad_norm: number? -- gradient norm of the previous step, before clipping
- grad_norms: table<string, number> -- the same by parameter group
- evaluations: compt.Evaluation[] -- evaluations so far (`evaluate_every`)
- score: number? -- average score of the last evaluation, in percent
- scores: table<string, number>? -- main metric of each task at the last evaluation, in percent
- score_averages: table<string, number> -- moving average of the scores of each task
- router_weights: table<string, number[]> -- inference weights of the S source prompts, by task; an error if they depend on the input
]]

class "compt.Evaluation" [[
An evaluation on validation rows during training.
- step: integer -- the step after which it was made
- average: number -- mean of the tasks' main metrics, in percent
- scores: table<string, number> -- main metric of each task, in percent
]]

alias "compt.Knob" "number|compt.Schedule|fun(step: integer, view: compt.View): number" [[
The value of a knob: a number, a schedule, or a function of step and view that returns a number.
]]

alias "compt.Switch" "boolean|fun(step: integer, view: compt.View): boolean" [[
A boolean, or a function of step and view that returns one.
]]

options "compt.Control" [[
The knobs of a run, and what a control file returns. A knob that is not set keeps the setting of the method or of the
trainer. Shapes, parameter groups and batches cannot change during training. Knob functions must depend on step and
view only: a control is rejected if a function returns two different values for one step, a value out of range, NaN or
nil. A control file runs in a Lua state of its own with `string`, `table`, `math`, `utf8`, its own files and
`compt.schedule` and `compt.curriculum`; `next`, `pairs` and `tostring` give the same answers in every process, and
`setmetatable` reads the metamethods when it is called. A call may take 5 million instructions, 1 s of CPU time and 32
MiB of memory, its trial 5 s, and a file may have 64 KiB. Output of `print` appears on standard error with its step, at
most five lines per step and ten per second.
- lr?: table<compt.Group|"backbone", compt.Knob> -- learning rate by group, 0 to 100
- freeze?: table<compt.Group|"backbone", compt.Switch> -- groups that are not updated; their optimizer state does not change either
- temperature?: compt.Knob -- temperature of a sampling router, 1e-6 to 1000
- top_k?: compt.Knob -- number of router weights to keep per example, the largest ones, in training and at inference
- normalise?: compt.Normalisation|fun(step: integer, view: compt.View): string -- normalisation of router weights, in training and at inference
- task_weights?: table<string, compt.Knob>|compt.Curriculum|fun(step: integer, view: compt.View): table<string, number>? -- relative frequency of each task in the batches; a task that is not named is not drawn
- clip?: compt.Knob -- maximum gradient norm, above 0
- dropout?: compt.Knob -- dropout rate of the backbone, in [0, 1)
- weight_decay?: compt.Knob -- weight decay of every group, 0 to 1
- evaluate_every?: compt.Knob -- steps between evaluations on validation rows; 0: none
- checkpoint?: compt.Switch -- write a checkpoint after the step at which this becomes true
- stop?: compt.Switch -- end the run before this step, as a complete run
]]

class "compt.Schedule" [[
A value that depends on the step: `schedule(step, view)`, with step from 1 to N = view.total_steps. Raises an error
if it is called without a view.
~ fun(step: integer, view: compt.View): number
]]

class "compt.schedule" [[
Schedules for controls: `local s = require "compt.schedule"`. Each function raises an error if an argument has the
wrong type or is out of range, and if an option is unknown.
> compt.schedule.linear(5, 1e-3)
]]

fn "compt.schedule.constant(value: number): compt.Schedule" [[
A constant.
> compt.schedule.constant(0.1)
]]

fn "compt.schedule.linear(from: number, to: number): compt.Schedule" [[
Linear from `from` at step 1 to `to` at step N.
> compt.schedule.linear(5, 1e-3)
]]

fn "compt.schedule.cosine(from: number, to: number): compt.Schedule" [[
Half a cosine from `from` at step 1 to `to` at step N: to + (from - to) (1 + cos(pi x)) / 2, x = (step - 1) / (N - 1).
> compt.schedule.cosine(0.1, 0)
]]

fn "compt.schedule.exponential(from: number, to: number): compt.Schedule" [[
Exponential from `from` at step 1 to `to` at step N: from^(1 - x) to^x, x = (step - 1) / (N - 1). Both must be
above 0.
> compt.schedule.exponential(5, 1e-3)
]]

options "compt.WarmupOptions" [[
- warmup?: number = 0 -- share of the steps for the warm-up, in [0, 1]; the number of steps is rounded up (`get_warmup_steps` of transformers)
]]

fn "compt.schedule.warmup_linear(peak: number, options?: compt.WarmupOptions): compt.Schedule" [[
Linear warm-up from 0 to `peak`, then linear decay to 0 after step N. The same as
`get_linear_schedule_with_warmup` of transformers.
> compt.schedule.warmup_linear(0.1, { warmup = 0.2 })
]]

fn "compt.schedule.warmup_cosine(peak: number, options?: compt.WarmupOptions): compt.Schedule" [[
Linear warm-up from 0 to `peak`, then cosine decay to 0 after step N. The same as
`get_cosine_schedule_with_warmup` of transformers.
> compt.schedule.warmup_cosine(0.1, { warmup = 0.2 })
]]

fn "compt.schedule.warmup(inner: compt.Schedule|number, options: { warmup: number }): compt.Schedule" [[
Linear warm-up from 0 to the first value of `inner` over the share `warmup` of the steps. `inner` runs over the
remaining steps, with its own step 1 after the warm-up.
> compt.schedule.warmup(compt.schedule.cosine(0.1, 0), { warmup = 0.1 })
]]

options "compt.OneCycleOptions" [[
Options as in `torch.optim.lr_scheduler.OneCycleLR`.
- pct_start?: number = 0.3 -- share of the steps for the rise, in [0, 1]
- anneal?: "cosine"|"linear" = "cosine" -- annealing strategy of rise and fall
- div_factor?: number = 25 -- first value: `peak / div_factor`
- final_div_factor?: number = 1e4 -- last value: the first value divided by this
- three_phase?: boolean = false -- fall back to the first value as fast as it rose, then to the last value
]]

fn "compt.schedule.one_cycle(peak: number, options?: compt.OneCycleOptions): compt.Schedule" [[
The one-cycle policy (Smith and Topin 2018): the value rises to `peak`, then falls to far below the first value. The same
as `OneCycleLR` of PyTorch.
> compt.schedule.one_cycle(0.1, { pct_start = 0.2 })
]]

options "compt.CyclicOptions" [[
Options as in `torch.optim.lr_scheduler.CyclicLR`.
- up?: integer = 100 -- steps from `low` to `high`
- down?: integer -- steps from `high` to `low`; default: `up`
- mode?: "triangular"|"triangular2"|"exp_range" = "triangular" -- equal cycles; half the amplitude in each new cycle; or an amplitude of gamma^(step - 1)
- gamma?: number = 1 -- for "exp_range", above 0
]]

fn "compt.schedule.cyclic(low: number, high: number, options?: compt.CyclicOptions): compt.Schedule" [[
Cycles from `low` to `high` and back (Smith 2017). The same as `CyclicLR` of PyTorch.
> compt.schedule.cyclic(0.01, 0.1, { up = 50, mode = "triangular2" })
]]

options "compt.PlateauOptions" [[
Options as in `torch.optim.lr_scheduler.ReduceLROnPlateau`.
- metric?: "loss"|"score" = "loss" -- mean training loss of each epoch, or average score of each evaluation
- mode?: "min"|"max" -- whether lower or higher is better; default: "min" for losses, "max" for scores
- factor?: number = 0.1 -- factor of a reduction, above 0 and below 1
- patience?: integer = 10 -- number of epochs or evaluations without improvement before a reduction
- threshold?: number = 1e-4 -- minimum change that counts as an improvement
- threshold_mode?: "rel"|"abs" = "rel" -- whether the threshold is relative to the best metric or absolute
- cooldown?: integer = 0 -- epochs or evaluations to wait after a reduction
- min?: number = 0 -- minimum value
- eps?: number = 1e-8 -- reductions smaller than this are ignored
]]

fn "compt.schedule.on_plateau(value: number, options?: compt.PlateauOptions): compt.Schedule" [[
`value`, multiplied by `factor` each time the metric stops improving. The same as `ReduceLROnPlateau` of PyTorch. It
uses the metrics of the whole run, also inside `chain` or `warmup`.
> compt.schedule.on_plateau(0.1, { metric = "score", patience = 2, factor = 0.5 })
]]

fn "compt.schedule.piecewise(points: number[][]): compt.Schedule" [[
Linear interpolation between points { step, value }, constant before the first and after the last. Raises an error
if the steps do not increase.
> compt.schedule.piecewise { { 1, 0.1 }, { 100, 0.01 } }
]]

fn "compt.schedule.step(value: number, every: integer, factor?: number = 0.1): compt.Schedule" [[
`value`, multiplied by `factor` every `every` steps. The same as `StepLR` of PyTorch.
> compt.schedule.step(0.1, 100, 0.5)
]]

fn "compt.schedule.chain(parts: any[][]): compt.Schedule" [[
Schedules in sequence. Each part is { share, schedule }; the schedule runs over its share of the steps, with its own
step 1. Raises an error if the shares do not sum to 1.
> compt.schedule.chain { { 0.2, compt.schedule.linear(0, 1) }, { 0.8, compt.schedule.cosine(1, 0) } }
]]

fn "compt.schedule.scale(inner: compt.Schedule|number, factor: compt.Schedule|number): compt.Schedule" [[
The product of a schedule and a number or another schedule.
> compt.schedule.scale(compt.schedule.linear(1, 0), 0.5)
]]

fn "compt.schedule.clip(inner: compt.Schedule|number, low: number, high: number): compt.Schedule" [[
A schedule limited to [low, high]. Raises an error if `low` is above `high`.
> compt.schedule.clip(compt.schedule.linear(1, 0), 0.1, 0.9)
]]

class "compt.Curriculum" [[
The relative frequency of each task, for the knob `task_weights`: `curriculum(step, view)` returns weights by task,
of which only the ratios matter, or nil for one pass over all rows per epoch.
~ fun(step: integer, view: compt.View): table<string, number>?
]]

class "compt.curriculum" [[
Curricula for controls: `local c = require "compt.curriculum"`. Each function raises an error if an argument has the
wrong type or is out of range, and if an option is unknown.
> compt.curriculum.temperature_sampled(2)
]]

options "compt.MixingOptions" [[
- limit?: number -- maximum number of rows that count for a task; default: all
]]

fn "compt.curriculum.proportional(options?: compt.MixingOptions): compt.Curriculum" [[
Weights min(rows, limit): the examples-proportional mixing of T5 (Raffel et al. 2020, section 3.5.2).
> compt.curriculum.proportional { limit = 1000 }
]]

fn "compt.curriculum.temperature_sampled(temperature: number|compt.Schedule, options?: compt.MixingOptions): compt.Curriculum" [[
Weights min(rows, limit)^(1 / T): T = 1 is proportional, a high T is nearly equal (T5, Raffel et al. 2020, section
3.5.2).
> compt.curriculum.temperature_sampled(2, { limit = 1000 })
> compt.curriculum.temperature_sampled(compt.schedule.linear(1, 10))
]]

fn "compt.curriculum.equal(): compt.Curriculum" [[
The same weight for every task.
> compt.curriculum.equal()
]]

alias "compt.Weights" "compt.Curriculum|table<string, number|compt.Schedule>|fun(step: integer, view: compt.View): table<string, number>?" [[
Weights by task, or a curriculum or function that returns them.
]]

options "compt.EasyToHardOptions" [[
- start?: number = 0.25 -- share of the tasks at step 1; at least one task
- all_by?: number = 0.5 -- share of the run after which all tasks are used
- reverse?: boolean = false -- hardest tasks first
- weights?: compt.Weights -- weights of the tasks in use; default: equal
]]

fn "compt.curriculum.easy_to_hard(options?: compt.EasyToHardOptions): compt.Curriculum" [[
Starts with the tasks with the lowest loss (moving average) and adds harder ones. With x = progress / all_by, the share
of tasks in use is sqrt(x (1 - start^2) + start^2), the root competence of Platanios et al. 2019. Tasks without a
loss come first, so that each task gets one.
> compt.curriculum.easy_to_hard { start = 0.5, weights = compt.curriculum.proportional() }
]]

fn "compt.curriculum.staged(parts: any[][]): compt.Curriculum" [[
Curricula in sequence. Each part is { share, curriculum }, where a function or a table of weights is a curriculum too.
It runs over its share of the steps, with its own step 1. Raises an error if the shares do not sum to 1.
> compt.curriculum.staged { { 0.3, { nli3 = 2, sentiment = 1 } }, { 0.7, compt.curriculum.proportional() } }
]]

options "compt.RoundRobinOptions" [[
- every?: integer = 1 -- number of steps for a task before the next one
- tasks?: string[] -- the tasks in order; default: all, sorted by name
]]

fn "compt.curriculum.round_robin(options?: compt.RoundRobinOptions): compt.Curriculum" [[
One task at a time, in rotation.
> compt.curriculum.round_robin { every = 10 }
]]
