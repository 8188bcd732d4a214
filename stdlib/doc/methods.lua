section "Methods"

alias "compt.Group" [[
A group of trained parameters: of ComPT's methods the first four; others name their own.
- "router"
- "source"
- "private"
- "operator" -- of an operator with parameters
- string
]]

options "compt.MethodOptions" [[
- name?: string -- for records and tables; by default the method's own
- compose?: "sum"|"product"|"concat"|"private"|string|compt.Operator|compt.OperatorTable -- "sum", "product", "concat", "private", a name given to compt.compose.define, or what that takes
- sources?: integer -- S, shared source prompts (3; pt 0)
- length?: integer -- m, rows of a source prompt (20; mcat 10)
- private_length?: integer -- rows of a private prompt; by default m, S m for "concat"
- encoder?: compt.Encoder = "mlp" -- reparametrises each prompt
- init?: compt.Init = "uniform" -- what prompts start from
- router?: compt.RouterKind|compt.MethodRouter = "relaxed_bernoulli" -- a kind of router, or with options
- placement?: "append"|"prepend" = "append" -- before the closing `</s>`, or before the input
- alone?: boolean -- each task is trained by itself, one after the other (pt: true)
- lr?: table<compt.Group, number> -- highest rates ({ router = 0.1, source = 0.05, private = 0.02 }; operator: by default as private)
- warmup?: number = 0.2 -- share of the steps in which the rates rise
- temperature?: number[] -- at the first and the last step ({ 5, 1e-3 })
- top_k?: integer -- how many of the largest router weights of an example stay; by default all
- optimizer?: compt.OptimizerKind|compt.OptimizerOptions = "adamw" -- an optimizer, or with options
- weight_decay?: number = 0.01 -- decoupled
]]

options "compt.MethodRouter" [[
A router inside a method.
- kind?: compt.RouterKind = "relaxed_bernoulli" -- which
- train?: compt.Normalisation = "softmax" -- while training
- eval?: compt.Normalisation = "softmax" -- at inference
- per?: compt.Per = "example" -- what one sample is for
- bound?: number = 0 -- logits start from U(-bound, bound)
]]

alias "compt.OptimizerKind" [[
An optimizer.
- "adamw" -- Loshchilov & Hutter 2019
- "adafactor" -- Shazeer & Stern 2018
]]

options "compt.OptimizerOptions" [[
- kind: compt.OptimizerKind -- which
- betas?: number[] -- adamw: of the moments ({ 0.9, 0.999 })
- eps?: number = 1e-8 -- adamw: added to the root
- scale_by_rms?: boolean = false -- adamw: rates scaled by the parameter's root mean square
- scale_parameter?: boolean = false -- adafactor: rates scaled by the parameter's root mean square
- decay_rate?: number = 0.8 -- adafactor: the moving averages forget at rate t^-decay_rate
- clip_threshold?: number = 1 -- adafactor: largest root mean square of an update
]]

class "compt.Method" [[
A declared method: a plain table of `compt.MethodOptions` that `compt.trainer` reads, with the published
defaults filled in by `compt.methods.<name>`. In a table of one's own everything that is not said is
left out: say `sources`, `lr` and `temperature` there. `compt.trainer` refuses names it does not know, and
says which rates are for no parameter group.
- name?: string -- for records and tables
- settings?: table -- of one's own, which nothing reads: recorded with the method
]]

class "compt.methods" [[
The methods of the library, each with the settings it is published with.
]]

fn "compt.methods.ssum(options?: compt.MethodOptions): compt.Method" [[
ComPT's SSUM: P_u + sum_s w_s P_s.
> compt.methods.ssum { sources = 3, length = 20, lr = { router = 0.1 }, router = { eval = "softmax_sigmoid" } }
]]

fn "compt.methods.msum(options?: compt.MethodOptions): compt.Method" [[
ComPT's MSUM: P_u * sum_s w_s P_s.
> compt.methods.msum { sources = 2 }
]]

fn "compt.methods.mcat(options?: compt.MethodOptions): compt.Method" [[
ComPT's MCAT: P_u * [w_1 P_1; ...; w_S P_S], a prompt of S m rows. With the published inference weights
it sees weights it never had in training: `router = { eval = "softmax_sigmoid" }` scores higher.
> compt.methods.mcat { router = { eval = "softmax_sigmoid" } }
]]

fn "compt.methods.pt(options?: compt.MethodOptions): compt.Method" [[
Prompt tuning (Lester et al. 2021) with ComPT's encoder: a private prompt a task. Each task is trained
alone; `alone = false` trains them in the mixed batches of the composed methods: the fair baseline.
> compt.methods.pt { alone = false }
]]

fn "compt.methods.p_tuning(options?: compt.MethodOptions): compt.Method" [[
P-tuning (Liu et al. 2021): a private prompt a task, trained through an LSTM.
> compt.methods.p_tuning { length = 10 }
]]

options "compt.PeerOptions" [[
What the methods of peers share.
- lr?: table<compt.Group, number> -- highest rates by parameter group
- warmup?: number -- share of the steps in which the rates rise
- optimizer?: compt.OptimizerKind|compt.OptimizerOptions = "adamw" -- an optimizer, or with options
- weight_decay?: number = 0.01 -- decoupled; 0 where the method is published so
]]

options "compt.PeerPromptOptions: compt.PeerOptions" [[
- placement?: "append"|"prepend" = "prepend" -- of prompts: before the closing `</s>`, or before the input
- init?: compt.Init = "vocabulary" -- what prompts start from
]]

options "compt.PeerSourceOptions: compt.PeerPromptOptions" [[
- from?: compt.Tasks -- source tasks; by default the tasks themselves
]]

fn "compt.methods.fine_tuning(options?: compt.PeerOptions): compt.Method" [[
Full fine-tuning: one model for all tasks of the set. The trainer trains a copy of the backbone, which is
then its `backbone`.
> compt.methods.fine_tuning { lr = { backbone = 3e-4 } }
]]

options "compt.LoraOptions: compt.PeerOptions" [[
- at?: string = "*Attention.{q,v}" -- matrices, `*` for anything
- rank?: integer = 8 -- of a change
- alpha?: number = 8 -- changes are scaled by alpha / rank
- given?: compt.folder -- a LoRA of peft to go on from, in place of `at`, `rank` and `alpha`
- alone?: boolean = true -- each task is trained by itself, one after the other; its changes fit no other
]]

fn "compt.methods.lora(options?: compt.LoraOptions): compt.Method" [[
LoRA (Hu et al. 2021): W + (alpha / rank) B A at matrices of the backbone, one set a task.
> compt.methods.lora { rank = 4 }
]]

options "compt.AdaptersOptions: compt.PeerOptions" [[
- at?: string = "*.{SelfAttention,DenseReluDense}" -- modules
- width?: integer -- of a bottleneck; by default d / 32
- activation?: "gelu"|"relu"|"silu" = "gelu" -- inside it
- norms?: boolean = true -- whether layer norms are trained, too
- alone?: boolean = true -- each task is trained by itself, one after the other; its changes fit no other
]]

fn "compt.methods.adapters(options?: compt.AdaptersOptions): compt.Method" [[
Adapters (Houlsby et al. 2019): h + up(GELU(down(h))) behind modules of the backbone, one set a task.
> compt.methods.adapters { width = 4 }
]]

options "compt.BitfitOptions: compt.PeerOptions" [[
- at?: string = "*" -- matrices and norms
- alone?: boolean = true -- each task is trained by itself, one after the other; its changes fit no other
]]

fn "compt.methods.bitfit(options?: compt.BitfitOptions): compt.Method" [[
BitFit (Ben Zaken et al. 2022): biases, added to every matrix and norm, one set a task.
> compt.methods.bitfit {}
]]

options "compt.PrefixTuningOptions: compt.PeerOptions" [[
- length?: integer = 5 -- positions
- hidden?: integer = 512 -- width of the MLP it is trained through
- alone?: boolean = true -- each task is trained by itself, one after the other; its changes fit no other
]]

fn "compt.methods.prefix_tuning(options?: compt.PrefixTuningOptions): compt.Method" [[
Prefix tuning (Li & Liang 2021): keys and values before those of every attention, one set a task.
> compt.methods.prefix_tuning { length = 5, hidden = 64 }
]]

options "compt.DeptOptions: compt.PeerPromptOptions" [[
- length?: integer = 12 -- rows of the prompt
- rank?: integer = 8 -- of the update of the embeddings
- alpha?: number -- the update is scaled by alpha / sqrt(rank); by default so that it is not
- positions?: integer -- longest input; by default the trainer's `max_source_length`
- alone?: boolean = true -- each task is trained by itself, one after the other; its changes fit no other
]]

fn "compt.methods.dept(options?: compt.DeptOptions): compt.Method" [[
DePT (Shi & Lipani 2024): a short prompt and a low-rank update of the input's embeddings, by task.
> compt.methods.dept { length = 8, rank = 4 }
]]

options "compt.SpotOptions: compt.PeerSourceOptions" [[
- length?: integer = 20 -- rows
- retrieve?: false|"best"|"average" = false -- which source prompts a task begins with: one of their mixture; the likest; the likest, weighted
- top?: integer = 3 -- how many are averaged
]]

fn "compt.methods.spot(options?: compt.SpotOptions): compt.Method" [[
SPoT (Vu et al. 2022): prompts of source tasks begin those of the target tasks.
> compt.methods.spot { retrieve = "best" }
]]

options "compt.AttemptOptions: compt.PeerSourceOptions" [[
- length?: integer = 20 -- rows
- width?: integer = 100 -- of the attention
- sources?: (compt.Prompt|torch.Tensor)[] -- source prompts [m, d] trained before; by default they are trained first
- shared?: boolean = false -- ATTEMPT-m: one attention for all tasks, in mixed batches
]]

fn "compt.methods.attempt(options?: compt.AttemptOptions): compt.Method" [[
ATTEMPT (Asai et al. 2022): attention over frozen source prompts and the target's own, per input.
> compt.methods.attempt { shared = true }
]]

options "compt.MptOptions: compt.PeerSourceOptions" [[
- length?: integer = 20 -- rows
- lambda?: number = 0.9 -- weight of the distillation
]]

fn "compt.methods.mpt(options?: compt.MptOptions): compt.Method" [[
MPT (Wang et al. 2023): a shared prompt times a matrix of rank one by task; teachers, distillation,
adaptation.
> compt.methods.mpt { length = 10 }
]]

options "compt.Mp2Options: compt.PeerOptions" [[
- sources?: integer = 8 -- modular prompts
- length?: integer = 50 -- rows
- rank?: integer = 300 -- of the prompts together
- pretrain?: number = 3e-3 -- rate of the first stage
- placement?: "append"|"prepend" = "prepend" -- of prompts: before the closing `</s>`, or before the input
- from?: compt.Tasks -- source tasks, for methods that have them; by default the tasks themselves
]]

fn "compt.methods.mp2(options?: compt.Mp2Options): compt.Method" [[
MP2 (Sun et al. 2023): modular prompts of low rank under a router; all, then the router, then the
prompts.
> compt.methods.mp2 { sources = 4, length = 10, rank = 20 }
]]

options "compt.MixedOptions: compt.PeerOptions" [[
- mix?: "mean"|"max"|"concat"|"linear" = "mean" -- how sources become one
- join?: "sum"|"product"|"concat" = "sum" -- with the private prompt
- share?: number|"learned"|false = false -- how much the private prompt counts, (1 - a) mixed o a private
- sources?: integer = 3 -- S
- length?: integer = 20 -- m, rows of a source prompt
- placement?: "append"|"prepend" = "append" -- before the closing `</s>`, or before the input
- init?: compt.Init = "uniform" -- what prompts start from
]]

fn "compt.methods.mixed(options?: compt.MixedOptions): compt.Method" [[
The other compositions of ComPT's code: sources mixed without a router, joined with the private prompt
(here from U(-0.5, 0.5), before the closing `</s>`).
> compt.methods.mixed { mix = "max", share = "learned" }
]]

section "Methods of one's own"

class "compt.Plan" [[
What a method's `build(setup)` returns. A method is a table { name, build, lr, warmup, temperature, init,
placement, from, alone, optimizer, weight_decay, settings }; examples/own_method.lua writes one. `build` declares parameters with `setup:parameter` and gives functions that use them.
- give?: compt.Give -- what a batch reads; each stage may have its own
- loss?: fun(batch: compt.Batch, out: compt.Outputs): torch.Tensor -- the loss, a single number, where it is not `out.loss`
- sources?: integer = 0 -- source prompts that an evaluation may look at apart in the last stage (`batch.kept`)
- private?: boolean = true -- whether there are private prompts to leave out, too
- stages?: compt.PlanStage[] -- parts of the run, one after the other; by default one with all groups
]]

class "compt.PlanStage" [[
- name: string -- in progress, record and messages
- share?: number -- of the run's steps, or of those of each task where it is `alone`; by default all stages have the same
- train?: string[] -- parameter groups; by default all
- give?: compt.Give -- by default the plan's
- loss?: fun(batch: compt.Batch, out: compt.Outputs): torch.Tensor -- by default the plan's
- begin?: fun() -- before the stage's first step, without gradients
- alone?: boolean = false -- each task by itself, one after the other
- from?: boolean = false -- on the rows of the method's `from`
- lr?: table<string, number> -- rates by group, where they are not the method's
]]

alias "compt.Give" [[
A function of a batch: a prompt [B, m, d] for each row, or { prompt, shift, changes }, or nil. It is tried
when the trainer is made: prompts are float32, and something in them must depend on a parameter.
- fun(batch: compt.Batch): torch.Tensor|compt.Given?
]]

class "compt.Given" [[
- prompt?: torch.Tensor -- [B, m, d]
- shift?: torch.Tensor -- [B, L, d], added to the embeddings of the input
- changes?: table<string, compt.Change> -- of the backbone, by place (`setup:places`)
]]

class "compt.Change" [[
What is other at a place of the backbone.
- low_rank?: torch.Tensor[] -- at a matrix: { A [r, in], B [out, r] }, W x + scale B A x
- scale?: number = 1 -- of `low_rank`
- bias?: torch.Tensor -- at a matrix or a norm: [out]
- gain?: torch.Tensor -- at a norm, in place of its own: [d]
- bottleneck?: torch.Tensor[] -- behind a module: { down [w, d], down_bias [w], up [d, w], up_bias [d] }, h + up(activation(down(h)))
- activation?: "gelu"|"relu"|"silu" = "gelu" -- of `bottleneck`
- prefix?: torch.Tensor[] -- at an attention: { keys [m, inner], values [m, inner] } before its own
]]

class "compt.Place" [[
A place of a backbone that can be changed, called as in checkpoints.
- name: string -- "encoder.block.0.layer.0.SelfAttention.q"
- kind: string -- "matrix", "norm", "attention" or "feed_forward"
- shape: integer[] -- of a matrix [out, in], a norm [d], an attention [inner, d], a feed_forward [d]
- gain?: torch.Tensor -- of a norm
]]

class "compt.Setup" [[
What a method is built for.
- tasks: string[] -- that are evaluated
- from: string[]? -- names of the source tasks, nil without; "source:NAME" where a task is both
- backbone: compt.Backbone -- what it is for
- d_model: integer -- its width
- max_source_length: integer -- tokens of the longest input there will be
]]

method "compt.Setup:parameter(group: string, name: string, value: torch.Tensor): torch.Tensor" [[
Declares a parameter: float32, on the backbone's device, begun as a copy of `value`. It is trained with its
group's rate, recorded, and saved in checkpoints. One that gets no gradient, and a tensor that gets one but is
not declared, is named by a warning after the first step.
]]

method "compt.Setup:prompt(length: integer, init?: compt.Init): torch.Tensor" [[
A prompt [length, d] as the method's `init` says it begins, to give to `parameter`.
]]

method "compt.Setup:given(prompt: compt.Prompt|torch.Tensor, length?: integer): torch.Tensor" [[
A prompt trained before, as a tensor [m, d] without gradient; an error where its width, its length or the
weights it was trained with are others.
]]

method "compt.Setup:low_rank(folder: compt.folder): table<string, compt.Change>" [[
The low-rank changes that a folder of peft holds, by place.
]]

method "compt.Setup:places(pattern?: string = \"*\"): compt.Place[]" [[
The places whose names fit, in the order of the layers: `*` stands for anything, `{a,b}` for one of these.
]]

class "compt.Batch" [[
A batch as a method's functions see it.
- size: integer -- B, rows
- length: integer -- L, tokens of the longest input
- tasks: string[] -- of each row
- task: string -- the only one; an error where there are several
- training: boolean -- or inference
- temperature: number? -- of the step; nil at inference
- kept: boolean[]? -- which source prompts take part; nil: all
- private: boolean -- whether the private prompt takes part
- renormalised: boolean -- whether the weights of the kept ones are made comparable anew
]]

method "compt.Batch:each(f: fun(task: string): torch.Tensor): torch.Tensor" [[
What `f` gives for each row's task, [B, ...]; called once a task. Parameters of tasks without a row get no
gradient, and so no step.
]]

method "compt.Batch:embeddings(): torch.Tensor" [[
The embeddings of the input, [B, L, d] float32, zeros behind the end. A method that asks for them gives
prompts by input: its prompts cannot be exported.
]]

method "compt.Batch:mask(): torch.Tensor" [[
[B, L]: 1 at a token of the input, 0 behind the end.
]]

method "compt.Batch:forward(given: torch.Tensor|compt.Given?): compt.Outputs" [[
The batch through the backbone with something else, as a teacher sees it; inside torch.no_grad without
gradients.
]]

class "compt.Outputs" [[
What the decoder says to a batch of T target positions.
- loss: torch.Tensor -- mean over the target tokens
- logits: torch.Tensor -- [B, T, vocabulary]
- states: torch.Tensor -- [B, T, d], the decoder's last, behind its norm
- mask: torch.Tensor -- [B, T]: 1 at a target token
]]
