section "Controls and schedules"

class "compt.View" [[
What the functions of a control see of the run; read only. Moving averages give each new value a tenth.
- step: integer -- from 1; of its stage, where tasks are trained one after the other
- total_steps: integer -- of the stage
- stage: string -- what the stage is called; empty where there is one only
- epoch: integer -- from 1
- progress: number -- share of the stage's steps made, 0 to 1
- task_sizes: table<string, integer> -- training rows by task
- loss: number? -- of the step before
- loss_average: number? -- moving average
- task_losses: table<string, number> -- the last loss of each task that has had one
- task_loss_averages: table<string, number> -- moving average of each task's loss, where it has had one
- epoch_losses: number[] -- mean training loss of each epoch that is over
- grad_norm: number? -- of the step before, before clipping
- grad_norms: table<string, number> -- the same by parameter group
- evaluations: compt.Evaluation[] -- those made so far (`evaluate_every`)
- score: number? -- average of the last evaluation, in percent
- scores: table<string, number>? -- main metric of each task in percent at the last evaluation
- score_averages: table<string, number> -- moving average of each task's scores
- router_weights: table<string, number[]> -- weights of the sources at inference, by task
]]

class "compt.Evaluation" [[
- step: integer -- after which it was made
- average: number -- of the tasks' main metrics, in percent
- scores: table<string, number> -- main metric of each task, in percent
]]

alias "compt.Knob" "number|compt.Schedule|fun(step: integer, view: compt.View): number" [[
The value of a setting: a number, a schedule, or a function of step and view.
]]

alias "compt.Switch" "boolean|fun(step: integer, view: compt.View): boolean" [[
Yes or no, or a function that says so.
]]

options "compt.Control" [[
The settings a control steers; what a control file returns. Those left out stay with the method or the
trainer. Shapes, groups and batches cannot change while a run trains. What its functions `print` is said with the
step, on standard error: five lines a step and ten a second at most.
- lr?: table<compt.Group|"backbone", compt.Knob> -- learning rate by group, 0 to 100
- freeze?: table<compt.Group|"backbone", compt.Switch> -- groups that stay as they are, moments included
- temperature?: compt.Knob -- of a sampling router, 1e-6 to 1000
- top_k?: compt.Knob -- how many of the largest router weights of an example stay, in training and at inference
- normalise?: compt.Normalisation|fun(step: integer, view: compt.View): string -- how router weights are made comparable, in training and at inference
- task_weights?: table<string, compt.Knob>|compt.Curriculum|fun(step: integer, view: compt.View): table<string, number>? -- how often each task is drawn; a task not named is not
- clip?: compt.Knob -- largest norm of the gradient, above 0
- dropout?: compt.Knob -- of the backbone, in [0, 1)
- weight_decay?: compt.Knob -- of every group, 0 to 1
- evaluate_every?: compt.Knob -- steps between evaluations on validation rows; 0: none
- checkpoint?: compt.Switch -- where it becomes true a checkpoint is written after the step
- stop?: compt.Switch -- the run ends before the step, as if it were complete
]]

class "compt.Schedule" [[
A value that depends on the step: `schedule(step, view)`, step from 1 to N = view.total_steps.
~ fun(step: integer, view: compt.View): number
]]

class "compt.schedule" [[
Schedules for controls: `local s = require "compt.schedule"`.
> compt.schedule.linear(5, 1e-3)
]]

fn "compt.schedule.constant(value: number): compt.Schedule" [[
The same value at every step.
> compt.schedule.constant(0.1)
]]

fn "compt.schedule.linear(from: number, to: number): compt.Schedule" [[
A straight line from `from` at step 1 to `to` at step N.
> compt.schedule.linear(5, 1e-3)
]]

fn "compt.schedule.cosine(from: number, to: number): compt.Schedule" [[
Half a cosine from `from` at step 1 to `to` at step N.
> compt.schedule.cosine(0.1, 0)
]]

fn "compt.schedule.exponential(from: number, to: number): compt.Schedule" [[
The same factor every step, from `from` at step 1 to `to` at step N; both above 0.
> compt.schedule.exponential(5, 1e-3)
]]

options "compt.WarmupOptions" [[
- warmup?: number = 0 -- share of the steps in which it rises, 0 to 1
]]

fn "compt.schedule.warmup_linear(peak: number, options?: compt.WarmupOptions): compt.Schedule" [[
Up to `peak`, then linearly down to 0 after step N (Hugging Face's linear schedule).
> compt.schedule.warmup_linear(0.1, { warmup = 0.2 })
]]

fn "compt.schedule.warmup_cosine(peak: number, options?: compt.WarmupOptions): compt.Schedule" [[
Up to `peak`, then by half a cosine down to 0 after step N (Hugging Face's cosine schedule).
> compt.schedule.warmup_cosine(0.1, { warmup = 0.2 })
]]

fn "compt.schedule.warmup(inner: compt.Schedule|number, options: { warmup: number }): compt.Schedule" [[
A straight rise from 0 to where `inner` starts, over the share `warmup` of the steps. `inner` has the
other steps, as if it had those alone.
> compt.schedule.warmup(compt.schedule.cosine(0.1, 0), { warmup = 0.1 })
]]

options "compt.OneCycleOptions" [[
- pct_start?: number = 0.3 -- share of the steps in which it rises, 0 to 1
- anneal?: "cosine"|"linear" = "cosine" -- the form of the rise and of the fall
- div_factor?: number = 25 -- it starts from `peak / div_factor`
- final_div_factor?: number = 1e4 -- it ends at its first value divided by this
- three_phase?: boolean = false -- down as it went up, then on to the last value
]]

fn "compt.schedule.one_cycle(peak: number, options?: compt.OneCycleOptions): compt.Schedule" [[
Up to `peak`, then down far below where it started (Smith and Topin 2018), as torch's OneCycleLR.
> compt.schedule.one_cycle(0.1, { pct_start = 0.2 })
]]

options "compt.CyclicOptions" [[
- up?: integer = 100 -- steps from `low` to `high`
- down?: integer -- steps back; by default `up`
- mode?: "triangular"|"triangular2"|"exp_range" = "triangular" -- equal cycles; half the height in each new cycle; or the height times `gamma` at each step
- gamma?: number = 1 -- for "exp_range", above 0
]]

fn "compt.schedule.cyclic(low: number, high: number, options?: compt.CyclicOptions): compt.Schedule" [[
From `low` to `high` and back, again and again (Smith 2017), as torch's CyclicLR.
> compt.schedule.cyclic(0.01, 0.1, { up = 50, mode = "triangular2" })
]]

options "compt.PlateauOptions" [[
- metric?: "loss"|"score" = "loss" -- the mean training loss of each epoch, or the average score of each evaluation
- mode?: "min"|"max" -- what is better; by default "min" for losses, "max" for scores
- factor?: number = 0.1 -- of a reduction, above 0 and below 1
- patience?: integer = 10 -- epochs or evaluations without improvement that are let pass
- threshold?: number = 1e-4 -- smaller improvements are none
- threshold_mode?: "rel"|"abs" = "rel" -- the threshold is a share of the best metric so far, or a difference
- cooldown?: integer = 0 -- epochs or evaluations after a reduction that are not counted
- min?: number = 0 -- lowest value
- eps?: number = 1e-8 -- smaller reductions are not made
]]

fn "compt.schedule.on_plateau(value: number, options?: compt.PlateauOptions): compt.Schedule" [[
`value`, multiplied by `factor` each time the run stops improving, as torch's ReduceLROnPlateau. It
looks at the whole run so far, also within `chain` or `warmup`.
> compt.schedule.on_plateau(0.1, { metric = "score", patience = 2, factor = 0.5 })
]]

fn "compt.schedule.piecewise(points: number[][]): compt.Schedule" [[
Straight lines between points { step, value }, level before the first and after the last.
> compt.schedule.piecewise { { 1, 0.1 }, { 100, 0.01 } }
]]

fn "compt.schedule.step(value: number, every: integer, factor?: number = 0.1): compt.Schedule" [[
`value`, multiplied by `factor` after every `every` steps, as torch's StepLR.
> compt.schedule.step(0.1, 100, 0.5)
]]

fn "compt.schedule.chain(parts: any[][]): compt.Schedule" [[
One schedule after another, { share, schedule } each, as if it had its share of the steps alone.
> compt.schedule.chain { { 0.2, compt.schedule.linear(0, 1) }, { 0.8, compt.schedule.cosine(1, 0) } }
]]

fn "compt.schedule.scale(inner: compt.Schedule|number, factor: compt.Schedule|number): compt.Schedule" [[
A schedule times a number or another schedule.
> compt.schedule.scale(compt.schedule.linear(1, 0), 0.5)
]]

fn "compt.schedule.clip(inner: compt.Schedule|number, low: number, high: number): compt.Schedule" [[
A schedule kept within [low, high].
> compt.schedule.clip(compt.schedule.linear(1, 0), 0.1, 0.9)
]]

class "compt.Curriculum" [[
How often each task is drawn: `curriculum(step, view)` gives weights by task, of which only the ratios
count. For the knob `task_weights`.
~ fun(step: integer, view: compt.View): table<string, number>?
]]

class "compt.curriculum" [[
Curricula for controls: `local c = require "compt.curriculum"`.
> compt.curriculum.temperature_sampled(2)
]]

options "compt.MixingOptions" [[
- limit?: number -- rows of a task that count at most; by default all
]]

fn "compt.curriculum.proportional(options?: compt.MixingOptions): compt.Curriculum" [[
By the tasks' training rows (T5's examples-proportional mixing).
> compt.curriculum.proportional { limit = 1000 }
]]

fn "compt.curriculum.temperature_sampled(temperature: number|compt.Schedule, options?: compt.MixingOptions): compt.Curriculum" [[
By rows ^ (1 / T): T = 1 is proportional, a high T nearly equal (T5, mT5).
> compt.curriculum.temperature_sampled(2, { limit = 1000 })
> compt.curriculum.temperature_sampled(compt.schedule.linear(1, 10))
]]

fn "compt.curriculum.equal(): compt.Curriculum" [[
Every task as often as any other.
> compt.curriculum.equal()
]]

alias "compt.Weights" "compt.Curriculum|table<string, number|compt.Schedule>|fun(step: integer, view: compt.View): table<string, number>?" [[
Weights by task, or what gives them.
]]

options "compt.EasyToHardOptions" [[
- start?: number = 0.25 -- share of the tasks at step 1; one task at least
- all_by?: number = 0.5 -- share of the run after which all tasks are in
- reverse?: boolean = false -- the hardest first
- weights?: compt.Weights -- of the tasks that are in; by default equal
]]

fn "compt.curriculum.easy_to_hard(options?: compt.EasyToHardOptions): compt.Curriculum" [[
The tasks with the lowest loss first (its moving average), harder ones let in by and by: at a share x of
the way to `all_by`, a share sqrt(x (1 - start^2) + start^2) of the tasks (Platanios et al. 2019). Tasks
without a loss yet come first, so that each is tried.
> compt.curriculum.easy_to_hard { start = 0.5, weights = compt.curriculum.proportional() }
]]

fn "compt.curriculum.staged(parts: any[][]): compt.Curriculum" [[
One curriculum, function or table of weights after another, { share, curriculum } each, as if it had its
share of the steps alone.
> compt.curriculum.staged { { 0.3, { nli3 = 2, sentiment = 1 } }, { 0.7, compt.curriculum.proportional() } }
]]

options "compt.RoundRobinOptions" [[
- every?: integer = 1 -- steps of a turn
- tasks?: string[] -- in which order; by default all, in order of their names
]]

fn "compt.curriculum.round_robin(options?: compt.RoundRobinOptions): compt.Curriculum" [[
One task at a time, in turn.
> compt.curriculum.round_robin { every = 10 }
]]
