section "Training"

options "compt.TrainerOptions" [[
- backbone: compt.Backbone -- the backbone; trainable for methods that train it
- method: compt.Method|compt.MethodOptions|compt.CustomMethod|table -- the method
- tasks?: compt.Tasks -- the tasks; use `tasks` or `stream`
- stream?: fun(step: integer): table -- returns the batch of a step, { source = texts or lists of token ids, target = the same }; needs `steps`
- epochs?: integer = 30 -- passes over the training rows; use `epochs` or `steps`
- steps?: integer -- number of optimizer steps
- batch_size?: integer = 16 -- rows per batch
- accumulate?: integer = 1 -- batches per step (gradient accumulation). The last step of an epoch has the batches that are left, so that `epochs` is the number of passes, as in the `Trainer` of transformers; each batch of a step counts equally
- control?: compt.path|compt.Control -- a control file, which is reloaded when it changes, or a table of knobs; it takes precedence over the schedule of the method
- evaluate_every?: integer = 0 -- steps between evaluations on validation rows; 0: none
- evaluate_limit?: integer -- maximum rows per task in these evaluations; default: all
- checkpoint_every?: integer = 0 -- steps between checkpoints; 0: one per minute. The end of a run always writes one
- keep?: integer = 2 -- number of newest checkpoints to keep
- best?: string = "average" -- also keep the checkpoint with the best score: "average", or the name of a task
- non_finite?: "stop"|"skip"|"rollback"|compt.NonFinite = "stop" -- policy if the loss is not finite
- optimizer?: compt.OptimizerKind|string|compt.OptimizerOptions|compt.UpdateFunction|compt.OptimizerTable -- a kind of optimizer, a name defined with compt.optimizer.define, options, or an optimizer as that function takes it; default: that of the method
- weight_decay?: number -- default: that of the method
- clip?: number = 1 -- maximum gradient norm; math.huge disables clipping
- dropout?: number -- dropout rate of the backbone in training; default: its `dropout_rate`
- placement?: "append"|"prepend" -- default: that of the method
- prefix?: boolean -- put the prefix of its task (`prefix` or `shared_prefix` of the definition) before every input, in training and evaluation. Default: that of the method. Methods that share all weights between tasks set it, because nothing else tells them the task: `fine_tuning` with `shared`, and `spot` unless it has `retrieve`; others do not
- max_source_length?: integer = 256 -- maximum input length in tokens; longer inputs are truncated
- length_buckets?: boolean = false -- put rows of similar length into one batch
- sampler?: compt.SamplerKind|string|compt.SamplerOptions|compt.SamplerTable|compt.SamplerFunction -- chooses the rows of batches, by a weight for each row or in an order; default: each row once in an epoch, in a random order. See `compt.sampler`
- attention?: "auto"|"padded"|"grouped" = "auto" -- attention over rows of different length: padded to the longest, or grouped by length; "auto" chooses the cheaper one
- recompute?: boolean|"auto" = false -- compute the layers of the backbone again in the backward pass instead of keeping their tensors (gradient checkpointing): less memory, more time, the same losses and gradients up to rounding; "auto": for batches that would not fit into the free memory otherwise
- seed?: integer -- seed of initialisation, batches and everything random in a step; default: `--seed`
- name?: string -- name of the run; default: that of the method
- out?: compt.folder -- folder of the run; default: below `--out`, or below `runs/` for a script
- progress?: boolean = true -- show progress
]]

options "compt.NonFinite" [[
The policy if the loss of a step is not finite.
- policy: "stop"|"skip"|"rollback" -- "stop": end the run with the parameters before that step; "skip": skip the batch; "rollback": go back at most 50 steps (`checkpoint_every`) and continue with other batches
- tries?: integer = 10 -- batches skipped in a row, or total rollbacks, before the run ends
]]

fn "compt.trainer(options: compt.TrainerOptions): compt.Trainer" [[
Creates a trainer for a method, a backbone and tasks. Raises an error if an option is unknown, missing or out of range,
both or neither of `tasks` and `stream` (or both of `epochs` and `steps`) are set, the method does not support the
backbone or the tasks, two label words have the same tokens, a control is invalid, or a custom operator or method
returns prompts of a wrong shape, dtype or device.
> t = compt.trainer {
>   backbone = b, tasks = tasks, method = compt.methods.ssum { sources = 2, length = 4 },
>   steps = 4, batch_size = 4, accumulate = 1, seed = 1, progress = false, clip = 1, dropout = 0.1,
>   optimizer = { kind = "adamw", betas = { 0.9, 0.999 } }, max_source_length = 64, name = "doc",
> }
]]

class "compt.Trainer" [[
Trains a method on tasks.
- backbone: compt.Backbone
- tasks: compt.Tasks -- nil for a stream
- bank: compt.PromptBank -- nil if the method has no prompt bank
- router: compt.Router -- nil without source prompts
- name: string -- name of the run
- steps: integer -- number of steps so far
- total_steps: integer -- number of steps of the whole run
- out: string -- folder of the run; nil before it exists
- config: table<string, any> -- settings of the run as in `config.json`, a copy; functions and objects are text
- method: table<string, any> -- the method in `config`: its name and its options
- history: compt.History -- losses, learning rates and scores so far; with a record it is read from there each time
> t.steps
> t.method.name
> t.history.loss
]]

class "compt.StepReport" [[
The report of a step.
- step: integer -- number of the step, from 1
- loss: number -- cross-entropy, mean over the target tokens of the batch
- lr: table<string, number> -- learning rate by group
- temperature?: number -- temperature of the router
- knobs?: table<string, any> -- all other knobs by full name: `clip`, `top_k`, `task_weights.nli`, `freeze.router`
- tasks: table<string, integer> -- number of rows of each task in the batch
- task_losses: table<string, number> -- mean loss of each task
- grad_norm: number -- gradient norm before clipping
- grad_norms: table<string, number> -- the same by parameter group
- epoch: integer -- epoch, from 1
- seconds: number -- duration of the step
- skipped?: boolean -- true if the batch was skipped because its loss was not finite
- rolled_back?: integer[] -- steps with a loss that was not finite, which led to a rollback before this step
- attempt?: integer -- number of steps begun so far, if some were rolled back
]]

class "compt.RunReport" [[
The report of a run.
- steps: integer -- number of steps so far
- seconds: number -- time spent in steps
- out: string -- folder of the run; nil without one
]]

method "compt.Trainer:step(): compt.StepReport" [[
Makes one optimizer step. Raises an error if all steps are done, if a custom function fails, or if the loss is not
finite and `non_finite` says to stop. After the last step the run is recorded as finished, as by `run`.
> t:step().loss
]]

options "compt.RunOptions" [[
- steps?: integer -- maximum number of steps to make, not more than `total_steps`; default: all remaining steps
]]

method "compt.Trainer:run(options?: compt.RunOptions): compt.RunReport" [[
Makes all remaining steps, or the next `steps` of them, with evaluations and checkpoints in between. Ctrl-C stops it
after the current step; the next call of `run` continues. The result of the run is written after the last step.
Raises the errors of `step`, and an error when it is interrupted.
> t:run { steps = 1 }
> t:run()
]]

alias "compt.knob_name" "string" [[
The full name of a knob: `temperature`, `lr.router`, `freeze.source`, `task_weights.nli3`.
]]

method "compt.Trainer:set(name: compt.knob_name, value?: number|boolean|string): string" [[
Sets a knob from the next step on; it takes precedence over the control. nil removes the setting. The change is
recorded with its step, like an edit of the control file. Returns a line that describes it. Raises an error if the
knob is unknown, fixed during training, or the value is out of range.
> t:set("lr.router", 0.05)
]]

method "compt.Trainer:control(file: compt.path): nil" [[
Uses another control file from the next step on. Raises an error if the file is invalid; then nothing changes.
> io.open("/tmp/compt-doc-control.lua", "w"):write("return { clip = 1 }"):close()
> t:control("/tmp/compt-doc-control.lua")
]]

method "compt.Trainer:reload(): string?" [[
Checks the control file now and uses it from the next step on. Returns a line that describes the change; nil without
a control file. Raises an error if the file is invalid; then nothing changes.
> t:reload()
]]

method "compt.Trainer:save(file: compt.path): nil" [[
Writes a checkpoint file: parameters, optimizer state, order of the rows, random generators and history. Raises an
error if the file cannot be written.
> t:save("/tmp/compt-doc-checkpoint.safetensors")
]]

options "compt.LoadOptions" [[
- best?: boolean = false -- for the folder of a run: load the checkpoint with the best score instead of the newest
- only?: "parameters" -- load only the parameters that match by name and shape, to start a new run from an old one
]]

method "compt.Trainer:load(path: compt.path|compt.run_folder, options?: compt.LoadOptions): string" [[
Loads a checkpoint file, or the newest checkpoint in the folder of a run. The trainer continues from that step, with
the same parameters, optimizer state, order of rows and history. Returns a line that names the step. Raises an error
if the checkpoint is missing or damaged, or was made with other shapes, stages, tasks or batches.
> t:load("/tmp/compt-doc-checkpoint.safetensors")
> t:load("/tmp/compt-doc-checkpoint.safetensors", { only = "parameters", best = false })
]]

alias "compt.part_name" "string" [[
A part of a composition: "total", "private", "all_src", or a source prompt ("src0", "src1" ...).
]]

options "compt.EvaluateOptions" [[
- only?: compt.part_name -- use only this part of the composition: a source prompt ("src0"), "all_src" or "private"; "total" is the whole composition
- without?: compt.part_name -- use all of the composition except this part
- weights?: "renormalised"|"as_learned" = "renormalised" -- router weights of the remaining source prompts, with `only` and `without`
- normalise?: compt.Normalisation -- replaces the router's normalisation at inference
- tasks?: (compt.task_name|integer)[] -- tasks to evaluate; default: all
- limit?: integer -- maximum rows per task; default: all
- decoding?: "greedy"|"full"|"rank" = "greedy" -- "greedy": decode greedily until the label word is certain; "full": decode every text to its end, words of other tasks included; "rank": choose the label word with the highest probability
- max_new_tokens?: integer -- maximum number of new tokens, at least those of the longest label word (with "full": of all tasks); default: 8, with "full" 20, for free text that of the task
- num_beams?: integer -- for tasks of free text: number of beams; these options replace those of the task's `generation`
- min_new_tokens?: integer -- for tasks of free text: number of tokens before `</s>` may come
- length_penalty?: number -- for tasks of free text, with beams
- early_stopping?: boolean|"never" -- for tasks of free text, with beams
- batch_tokens?: integer = 8192 -- number of tokens in one forward pass
]]

class "compt.Prediction" [[
The prediction for a row.
- source: string -- input text
- label: string -- the label
- prediction: string -- the predicted label word, or the decoded text if it is not a label word
- references: string[] -- all texts that are right; nil unless there are several
]]

class "compt.Result" [[
The result of an evaluation. `print` shows it as a table.
- split: string -- the split
- scores: table<string, table<string, number>> -- by task and metric, in percent
- counts: table<string, integer> -- number of rows by task
- average: number -- mean of the tasks' main metrics
- predictions: table<string, compt.Prediction[]> -- predictions by task
]]

method "compt.Trainer:evaluate(split?: compt.Split|compt.EvaluateOptions, options?: compt.EvaluateOptions): compt.Result" [[
Evaluates on a split (default "test"), with the whole composition or parts of it. Raises an error if an option is
unknown or out of range, a task is unknown, the split has no rows, the method has no such part, or the trainer has a
stream.
> result = t:evaluate("test", { limit = 2, tasks = { "nli3" }, max_new_tokens = 4, batch_tokens = 4096 })
> t:evaluate({ limit = 2, only = "src0", weights = "renormalised", normalise = "sum", decoding = "full" })
]]

options "compt.PredictOptions" [[
- task?: compt.task_name|integer -- the task; may be omitted if there is only one
- text?: string|string[]|table<string, any> -- the text of a row, or a list of them, for tasks that read one column; or one row by column, with the columns of the task only
- rows?: (table<string, any>|string)[] -- rows by column; further columns are kept in `row` of the answer. Use `text` or `rows`
- only?: compt.part_name -- use only this part of the composition, as in `evaluate`
- without?: compt.part_name -- use all of the composition except this part
- weights?: "renormalised"|"as_learned" = "renormalised" -- router weights of the remaining source prompts, with `only` and `without`
- normalise?: compt.Normalisation -- replaces the router's normalisation at inference
- batch?: integer = 32 -- number of rows in a batch
]]

class "compt.RowPrediction" [[
The prediction for a new row.
- source: string -- input text, as the model reads it
- prediction: string -- the predicted label word, or the decoded text if it is not a label word
- score: number? -- probability of the prediction among the label words; nil for numbers, free text, and a text that is not a label word
- scores: table<string, number> -- probability of each label word among them; nil for numbers and free text
- cut: boolean? -- true if the input was longer than `max_source_length` and was truncated
- row: table<string, any> -- the row as it was given, by column
]]

method "compt.Trainer:predict(options: compt.PredictOptions): compt.RowPrediction[]" [[
Predicts new rows of a task with the current prompts, also before the first step. Returns a list with an entry for each
row, also for a single `text`; `print` shows it as a table. Predictions are decoded as `evaluate` does with its
defaults; `compt predict` gives the same numbers. Raises an error if the task or a column is unknown, a column of the
task is missing or has no text, both or neither of `text` and `rows` are set, or the trainer has a stream.
> t:predict { task = "nli3", text = { premise = "mia likes the song .", hypothesis = "mia hates the song ." } }
> t:predict { task = "nli3", rows = { { premise = "a", hypothesis = "b", id = 7 } }, only = "src0", weights = "as_learned", batch = 8 }
]]

options "compt.GenerateTextOptions: compt.PredictOptions" [[
- max_new_tokens?: integer -- maximum number of new tokens; default: that of the task, 20 for label words and numbers
- num_beams?: integer -- number of beams; default: that of the task, 1 for label words and numbers
- min_new_tokens?: integer -- number of tokens before `</s>` may come
- length_penalty?: number -- with beams
- early_stopping?: boolean|"never" -- with beams
]]

class "compt.GeneratedText" [[
The text generated for a new row.
- source: string -- input text, as the model reads it
- text: string -- the generated text
- score: number -- sum of the log-probabilities of its tokens, divided by tokens^length_penalty (1 without beams): `sequences_scores` of `generate` in transformers
- tokens: integer -- number of tokens, with `</s>` if it was reached
- cut: boolean? -- true if the input was longer than `max_source_length` and was truncated
- row: table<string, any> -- the row as it was given, by column
]]

method "compt.Trainer:generate(options: compt.GenerateTextOptions): compt.GeneratedText[]" [[
Generates a text for each new row of a task, to its end, whatever the labels of the task are. Options of generation
replace those of the task. Returns a list, which `print` shows as a table. Raises the errors of `predict`, and an error
if an option of beams is set for one beam.
> t:generate { task = "nli3", text = { premise = "a", hypothesis = "b" }, max_new_tokens = 4, num_beams = 2 }
]]

class "compt.History" [[
The numbers of a run by step. Tensors of steps have one element for each recorded step, in float64; NaN where a step has
no such number. A run without a folder keeps its last 10,000 steps at least. `print` shows a short table.
- steps: torch.Tensor -- the steps, int64
- loss: torch.Tensor
- lr: table<string, torch.Tensor> -- learning rate by group
- task_losses: table<string, torch.Tensor> -- mean loss of each task in the batch
- grad_norm: torch.Tensor -- gradient norm before clipping
- grad_norms: table<string, torch.Tensor> -- the same by parameter group
- temperature: torch.Tensor -- temperature of the router; nil if it has none
- epoch: torch.Tensor
- seconds: torch.Tensor -- duration of each step
- evaluated: torch.Tensor -- the steps after which validation rows were evaluated, int64
- average: torch.Tensor -- mean of the tasks' main metrics in each of these evaluations, in percent
- scores: table<string, torch.Tensor> -- main metric of each task in them, in percent
- table: fun(self: compt.History, points?: integer): table<string, any>[] -- rows with the same names, `step` and, for an evaluation, `average` and `scores`: one for each step, or at most `points`, each with the means over its steps
> t.history:table(10)
]]

method "compt.Trainer:prompt(task: compt.task_name|integer): torch.Tensor" [[
The composed prompt of a task at inference, [m'', d]. Raises an error if the task is unknown, or if the method has no
prompts or its prompts depend on the input.
> t:prompt("nli3").shape
]]

method "compt.Trainer:backbone_of(task: compt.task_name|integer): compt.Backbone" [[
The backbone that answers a task: the task's own copy for `compt.methods.fine_tuning`, else `trainer.backbone`. Raises an
error if the task is unknown.
> t:backbone_of("nli3").d_model
]]

method "compt.Trainer:prompts(): compt.Prompts" [[
All current prompts [m, d]: the composed prompt of each task, the source prompts and the private prompts. Raises an
error under the conditions of `prompt`.
> t:prompts():get("nli3").length
]]

options "compt.ExportLoraOptions" [[
- task?: compt.task_name|integer = 1 -- the task
- overwrite?: boolean = false -- replace an adapter that is already in the folder
]]

method "compt.Trainer:export_peft(folder: compt.folder, options?: compt.ExportLoraOptions): nil" [[
Writes the low-rank updates of a task as a LoRA folder of `peft`. To export a prompt, use
`t:prompts():get(TASK):export_peft(folder)`. Raises an error if the method has no such updates or makes other changes,
or if the folder has an adapter and `overwrite` is false.
> compt.trainer({ backbone = b, tasks = tasks, method = compt.methods.lora { rank = 1 }, steps = 1 }):export_peft("/tmp/compt-doc-lora", { task = "nli3", overwrite = true })
]]

class "compt.Parameter" [[
A trained parameter.
- name: string
- group: string -- "router", "source", "private", "operator", "backbone", or a group that the method declares
- shape: integer[]
- count: integer -- number of elements
- lr: number? -- learning rate of the last step; nil before the first
- value: torch.Tensor -- the tensor itself, not a copy; an in-place change changes the run. Every step sets its `requires_grad`: use `t:set("freeze.GROUP", true)` to freeze a group
]]

method "compt.Trainer:parameters(): compt.Parameter[]" [[
All trained parameters. `print` shows one line per parameter and the total.
> t:parameters()[1]
]]

method "compt.Trainer:gradients(): number, table<string, torch.Tensor>" [[
The loss of the next step, and its gradients before clipping by parameter name, each with the shape of its parameter.
Parameters without a gradient are omitted. The step is not made. Raises an error if all steps are done.
> compt.trainer({ backbone = b, tasks = tasks, method = compt.methods.pt {}, steps = 1 }):gradients()
]]
