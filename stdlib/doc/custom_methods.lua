section "Custom methods"

options "compt.CustomMethod" [[
A custom method: a table for the option `method` of `compt.trainer`; see examples/own_method.lua.
- name?: string = "custom" -- name in records and tables
- build: fun(setup: compt.Setup): compt.Plan -- declares parameters with `setup:parameter` and returns functions that use them
- lr: table<string, number> -- peak learning rates by parameter group
- warmup?: number = 0 -- share of the steps for the warm-up of the learning rates
- temperature?: number[] -- router temperature at the first and the last step
- init?: compt.Init -- initialisation of `setup:prompt`
- placement?: "append"|"prepend" = "append" -- prompts are placed after the input and before `</s>`, or before the input
- prefix?: boolean = false -- put the prefix of its task before every input; see `compt.trainer`
- from?: compt.Tasks -- source tasks, on whose rows stages with `from` train
- alone?: boolean = false -- train each task separately, one after the other
- optimizer?: compt.OptimizerKind|string|compt.OptimizerOptions|compt.UpdateFunction|compt.OptimizerTable = "adamw" -- a kind of optimizer, a name defined with compt.optimizer.define, options, or an optimizer as that function takes it
- weight_decay?: number = 0.01 -- weight decay: decoupled, but with the optimizer "sgd" added to the gradient
- settings?: table<string, any> -- additional settings, recorded with the method and not used otherwise
]]

options "compt.Plan" [[
What the function `build(setup)` of a custom method returns.
- give?: compt.Give -- returns the prompts and changes for the rows of a batch; a stage may have another one
- loss?: fun(batch: compt.Batch, out: compt.Outputs): torch.Tensor -- loss as a scalar tensor; default: `out.loss`
- sources?: integer = 0 -- number of source prompts that an evaluation can isolate in the last stage (`batch.kept`)
- private?: boolean = true -- whether there are private prompts that an evaluation can exclude
- stages?: compt.PlanStage[] -- stages of training, in order; default: one stage with all groups
]]

options "compt.PlanStage" [[
A stage of training. Every stage starts with a fresh optimizer state.
- name: string -- name in progress, records and messages
- share?: number -- share of the steps (if `alone`: of the steps of each task); default: equal shares
- train?: string[] -- parameter groups to train; default: all
- give?: compt.Give -- default: that of the plan
- loss?: fun(batch: compt.Batch, out: compt.Outputs): torch.Tensor -- default: that of the plan
- begin?: fun() -- called before the first step of the stage, without gradients
- alone?: boolean = false -- train each task separately, one after the other
- from?: boolean = false -- train on the rows of the method's source tasks `from`
- lr?: table<string, number> -- learning rates by group; default: those of the method
]]

alias "compt.Give" [[
A function of a batch that returns a prompt [B, m, d] for each row, a table { prompt, shift, changes }, or nil. The
trainer calls it once when it is created. It raises an error if the prompts are not float32, have a wrong shape or
device or are not finite, or if nothing that is returned depends on a parameter.
- fun(batch: compt.Batch): torch.Tensor|compt.Given?
]]

class "compt.Given" [[
The prompts and changes for the rows of a batch.
- prompt?: torch.Tensor -- prompts [B, m, d]
- shift?: torch.Tensor -- [B, L, d], added to the input embeddings
- changes?: table<string, compt.Change> -- changes of the backbone, by module name (`setup:places`)
]]

options "compt.Change" [[
A change of one module of the backbone.
- low_rank?: torch.Tensor[] -- of a matrix: { A [r, in], B [out, r] }, for W x + scale B A x (LoRA)
- scale?: number = 1 -- factor of `low_rank`
- bias?: torch.Tensor -- of a matrix or norm: [out], added to the output
- gain?: torch.Tensor -- of a norm: [d], replaces its weight
- bottleneck?: torch.Tensor[] -- after a module: { down [w, d], down_bias [w], up [d, w], up_bias [d] }, for h + up(activation(down(h)))
- activation?: "gelu"|"relu"|"silu" = "gelu" -- activation of `bottleneck`
- prefix?: torch.Tensor[] -- of an attention: { keys [m, inner], values [m, inner] }, placed before those of the input
]]

class "compt.Place" [[
A module of the backbone that can be changed, with its name in checkpoints.
- name: string -- for example "encoder.block.0.layer.0.SelfAttention.q"
- kind: string -- "matrix", "norm", "attention" or "feed_forward"
- shape: integer[] -- of a matrix [out, in], a norm [d], an attention [inner, d], a feed_forward [d]
- gain?: torch.Tensor -- weight [d] of a norm
]]

class "compt.Setup" [[
The argument of `build` of a custom method.
- tasks: string[] -- the tasks of the trainer
- from: string[] -- the source tasks; nil if there are none. "source:NAME" if a task is both source and target
- backbone: compt.Backbone -- the backbone
- d_model: integer -- d, its width
- max_source_length: integer -- maximum input length in tokens
]]

method "compt.Setup:parameter(group: string, name: string, value: torch.Tensor): torch.Tensor" [[
Declares a parameter: a float32 copy of `value`, of any shape, on the device of the backbone. It is trained with the
learning rate of its group, recorded, and saved in checkpoints. After the first step a warning names parameters
without a gradient, and tensors with a gradient that are not declared. Raises an error if the name is used twice in a
group; `compt.trainer` raises one if the group has no learning rate.

Take views of a parameter (`p[1]`, `p:narrow`, `p:detach()`) in `give`, not in `build`: the first step moves parameters into
one tensor per group, and an earlier view keeps the initial values.
]]

method "compt.Setup:prompt(length: integer, init?: compt.Init): torch.Tensor" [[
A new prompt [length, d], initialised according to `init` (default: that of the method). Pass it to `parameter`. Raises
an error if `length` is less than 1, or if the initialisation needs a tokenizer and there is none.
]]

method "compt.Setup:given(prompt: compt.Prompt|torch.Tensor, length?: integer): torch.Tensor" [[
A trained prompt as a tensor [m, d] without gradient. Raises an error if its width is not d, its length is not
`length`, or it was trained with other weights.
]]

method "compt.Setup:low_rank(folder: compt.folder): table<string, compt.Change>" [[
Reads the updates of a LoRA folder of `peft`, by module name: A [r, in] and B [out, r]. Raises an error if the folder is
not plain LoRA or does not match the backbone.
]]

method "compt.Setup:places(pattern?: string = \"*\"): compt.Place[]" [[
The modules whose names match a pattern, in layer order. `*` matches anything, `{a,b}` matches a or b. Raises an error
if none matches.
]]

class "compt.Batch" [[
A batch: the argument of the functions of a custom method.
- size: integer -- B, number of rows
- length: integer -- L, tokens of the longest input
- tasks: string[] -- task of each row
- task: string -- the task of all rows; an error if there are several
- training: boolean -- true in training, false at inference
- temperature: number? -- router temperature of the step; nil at inference
- kept: boolean[]? -- which source prompts to use; nil: all
- private: boolean -- whether to use the private prompt
- renormalised: boolean -- whether to renormalise the weights of the kept source prompts
]]

method "compt.Batch:each(f: fun(task: string): torch.Tensor): torch.Tensor" [[
Calls `f` once per task of the batch and stacks the results by row: `f` returns [...], `each` returns [B, ...].
Parameters of tasks without a row get no gradient and no update. Raises an error if the shapes differ.
]]

method "compt.Batch:embeddings(): torch.Tensor" [[
The input embeddings [B, L, d], float32, zero for padding. A method that calls this has prompts that depend on the
input; they cannot be exported. Raises an error if the batch has no rows, as when a prompt is exported.
]]

method "compt.Batch:mask(): torch.Tensor" [[
[B, L]: 1 for a token of the input, 0 for padding.
]]

method "compt.Batch:forward(given: torch.Tensor|compt.Given?): compt.Outputs" [[
Runs the batch with other prompts [B, m, d] or changes, for example those of a teacher. Call it inside torch.no_grad
if no gradient is needed. Raises an error if a shape does not match.
]]

class "compt.Outputs" [[
The output of the decoder for a batch with T target positions.
- loss: torch.Tensor -- cross-entropy, mean over the target tokens, []
- logits: torch.Tensor -- [B, T, vocab_size]
- states: torch.Tensor -- [B, T, d], last hidden states of the decoder after its final norm
- mask: torch.Tensor -- [B, T]: 1 for a target token, 0 for padding
]]
