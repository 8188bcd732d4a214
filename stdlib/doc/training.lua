section "Training"

options "compt.TrainerOptions" [[
- backbone: compt.Backbone -- frozen, or trainable for methods that train it
- method: compt.Method|compt.MethodOptions|table -- what is trained
- tasks?: compt.Tasks -- whose rows; this or `stream`
- stream?: fun(step: integer): table -- { source = texts or lists of ids, target = the same } for a step; needs `steps`
- epochs?: integer = 30 -- passes over the rows; this or `steps`
- steps?: integer -- optimizer steps
- batch_size?: integer = 16 -- rows a batch
- accumulate?: integer = 1 -- batches a step
- control?: compt.path|compt.Control -- a control file, followed while the run trains, or a table of knobs; over the method's own schedule
- evaluate_every?: integer = 0 -- steps between evaluations on validation rows; 0: none
- evaluate_limit?: integer -- rows a task of these evaluations
- checkpoint_every?: integer = 0 -- steps between checkpoints; 0: one a minute; the end of a run is always one
- keep?: integer = 2 -- newest checkpoints that stay
- best?: string = "average" -- the score, or the task, whose best checkpoint stays, too
- non_finite?: "stop"|"skip"|"rollback"|compt.NonFinite = "stop" -- what a loss that is not finite does
- optimizer?: compt.OptimizerKind|compt.OptimizerOptions -- by default the method's
- weight_decay?: number -- by default the method's
- clip?: number = 1 -- largest norm of the gradient; math.huge clips nothing
- dropout?: number -- of the backbone while training; by default its `dropout_rate`
- placement?: "append"|"prepend" -- by default the method's
- max_source_length?: integer = 256 -- tokens of an input; longer ones are cut
- length_buckets?: boolean = false -- batches of rows of like length
- attention?: "auto"|"padded"|"grouped" = "auto" -- how rows of unlike length share attention
- seed?: integer -- of prompts, batches and all that is random in a step; by default `--seed`
- name?: string -- of the run; by default the method's
- out?: compt.folder -- where the run is recorded; by default below `--out`, or `runs/` for a script
- progress?: boolean = true -- whether progress is shown
]]

options "compt.NonFinite" [[
- policy: "stop"|"skip"|"rollback" -- the run ends with the prompts of the last finite loss; the batch is left out; or the run goes back up to 50 steps (`checkpoint_every`) and on with other batches
- tries?: integer = 10 -- batches left out in a row, or rollbacks in all, before the run ends
]]

fn "compt.trainer(options: compt.TrainerOptions): compt.Trainer" [[
A method at work on tasks, step by step or to the end.
> t = compt.trainer {
>   backbone = b, tasks = tasks, method = compt.methods.ssum { sources = 2, length = 4 },
>   steps = 4, batch_size = 4, accumulate = 1, seed = 1, progress = false, clip = 1, dropout = 0.1,
>   optimizer = { kind = "adamw", betas = { 0.9, 0.999 } }, max_source_length = 64, name = "doc",
> }
]]

class "compt.Trainer" [[
A method at work on tasks.
- backbone: compt.Backbone
- tasks: compt.Tasks? -- nil for a stream
- bank: compt.PromptBank? -- nil where the backbone itself is trained
- router: compt.Router? -- nil without sources
- name: string -- of the run
- steps: integer -- made so far
- total_steps: integer -- to be made
- out: string? -- the run's folder, once there is one
> t.steps
]]

class "compt.StepReport" [[
- step: integer -- from 1
- loss: number -- mean over the target tokens of the batch
- lr: table<string, number> -- learning rate by group
- temperature?: number -- of the router
- knobs?: table<string, any> -- what else was set, by full names: `clip`, `top_k`, `task_weights.nli`, `freeze.router`
- tasks: table<string, integer> -- examples of each task in the batch
- task_losses: table<string, number> -- mean loss of each
- grad_norm: number -- before clipping
- grad_norms: table<string, number> -- the same by parameter group
- epoch: integer -- from 1
- seconds: number -- the step took
- skipped?: boolean -- the batch was left out: its loss was not finite
- rolled_back?: integer[] -- the steps that were not finite and from which the run went back to before this one
- attempt?: integer -- steps begun so far, where some were rolled back
]]

class "compt.RunReport" [[
- steps: integer -- made
- seconds: number -- spent in steps
- out: string? -- the run's folder
]]

method "compt.Trainer:step(): compt.StepReport" [[
One optimizer step.
> t:step().loss
]]

options "compt.RunOptions" [[
- steps?: integer -- so many, or all that are left where that is fewer; by default all that are left
]]

method "compt.Trainer:run(options?: compt.RunOptions): compt.RunReport" [[
All steps that are left, or the next `steps` of them. Ctrl-C stops it after the step under way; another `run`
goes on from there. The run's result is written once all are made.
> t:run { steps = 1 }
> t:run()
]]

method "compt.Trainer:set(name: string, value?: number|boolean|string): string" [[
From the next step on, a knob as it is said here, whatever the control says; nil gives it back. Recorded
with its step, as an edit of the control file is.
> t:set("lr.router", 0.05)
]]

method "compt.Trainer:control(file: compt.path): nil" [[
From the next step on, another control file above the method's own control. An error of the file is
told here and changes nothing.
> io.open("/tmp/compt-doc-control.lua", "w"):write("return { clip = 1 }"):close()
> t:control("/tmp/compt-doc-control.lua")
]]

method "compt.Trainer:reload(): string?" [[
Looks at the control file now, without waiting for its save to be seen; a good version is used from the
next step on. nil without a control file.
> t:reload()
]]

method "compt.Trainer:save(file: compt.path): nil" [[
Everything that decides how the run goes on, in a checkpoint's file.
> t:save("/tmp/compt-doc-checkpoint.safetensors")
]]

options "compt.LoadOptions" [[
- best?: boolean = false -- of a run's folder, the checkpoint of the best scores in place of the newest
- only?: "parameters" -- the parameters that fit by name and shape, and nothing else: to start a new run from an old one
]]

method "compt.Trainer:load(path: compt.path, options?: compt.LoadOptions): string" [[
Goes on from a checkpoint's file, or from the newest in a run's folder: parameters, optimizer, order of
the rows, losses so far. Tells the step. A checkpoint of other shapes is an error.
> t:load("/tmp/compt-doc-checkpoint.safetensors")
> t:load("/tmp/compt-doc-checkpoint.safetensors", { only = "parameters", best = false })
]]

options "compt.EvaluateOptions" [[
- only?: string -- one part of the composition alone: a source prompt ("src0"), "all_src" or "private"; "total" is all
- without?: string -- everything but that part
- weights?: "renormalised"|"as_learned" = "renormalised" -- of the sources that stay, under `only` and `without`
- normalise?: compt.Normalisation -- in place of the router's own at inference
- tasks?: (string|integer)[] -- which of them; by default all
- limit?: integer -- rows a task at most
- decoding?: "greedy"|"full"|"rank" = "greedy" -- until the answer is settled; whole texts; or the likeliest label word
- max_new_tokens?: integer = 8 -- ids an answer at most
- batch_tokens?: integer = 8192 -- tokens in one pass
]]

class "compt.Prediction" [[
- source: string -- what the model read
- label: string -- the right answer
- prediction: string -- the model's: a label word as the task has it where the decoded text is one, else that text
]]

class "compt.Result" [[
Scores in percent; prints itself as a table.
- split: string -- of which rows
- scores: table<string, table<string, number>> -- task to metric to percent
- counts: table<string, integer> -- rows of each task
- average: number -- of the tasks' main metrics
- predictions: table<string, compt.Prediction[]> -- by task
]]

method "compt.Trainer:evaluate(split?: compt.Split|compt.EvaluateOptions, options?: compt.EvaluateOptions): compt.Result" [[
Scores on a split ("test" if not given), of the whole composition or of parts of it.
> result = t:evaluate("test", { limit = 2, tasks = { "nli3" }, max_new_tokens = 4, batch_tokens = 4096 })
> t:evaluate({ limit = 2, only = "src0", weights = "renormalised", normalise = "sum", decoding = "full" })
]]

method "compt.Trainer:prompt(task: string|integer): torch.Tensor" [[
A task's composed prompt at inference, [m'', d].
> t:prompt("nli3").shape
]]

method "compt.Trainer:prompts(): compt.Prompts" [[
All prompts as they are now: the composed one of each task, the sources and the private ones.
> t:prompts():get("nli3").length
]]

options "compt.ExportLoraOptions" [[
- task?: string|integer = 1 -- whose changes
- overwrite?: boolean = false -- in the place of an adapter that is there
]]

method "compt.Trainer:export_peft(folder: compt.folder, options?: compt.ExportLoraOptions): nil" [[
Writes what changes the backbone for a task as a LoRA folder of peft. Prompts are exported by
`t:prompts():get(TASK):export_peft(folder)`.
> compt.trainer({ backbone = b, tasks = tasks, method = compt.methods.lora { rank = 1 }, steps = 1 }):export_peft("/tmp/compt-doc-lora", { task = "nli3", overwrite = true })
]]

class "compt.Parameter" [[
- name: string
- group: string -- "router", "source", "private", "operator", "backbone", or as the method calls it
- shape: integer[]
- count: integer -- elements
- lr: number? -- rate of the last step; nil before the first
- value: torch.Tensor -- itself: what is done to it in place is done to the run; every step sets its `requires_grad` (`t:set("freeze.GROUP", true)` keeps a group as it is)
]]

method "compt.Trainer:parameters(): compt.Parameter[]" [[
Everything that is trained; printed, a line a parameter and one of the sum.
> t:parameters()[1]
]]

method "compt.Trainer:gradients(): number, table<string, torch.Tensor>" [[
The loss of the next step and its gradients before clipping, by the names of parameters; those that have no
part in it are left out. The step is not made.
> compt.trainer({ backbone = b, tasks = tasks, method = compt.methods.pt {}, steps = 1 }):gradients()
]]
