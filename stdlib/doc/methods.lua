section "Methods"

alias "compt.Group" [[
A group of trained parameters. ComPT's methods use the four named ones; other methods define other names.
- "router"
- "source"
- "private"
- "operator" -- parameters of a composition operator
- string
]]

options "compt.MethodOptions" [[
Options of ComPT's methods. S is the number of source prompts, m their length, d the model width.
- name?: string -- name in records and tables; default: that of the method
- compose?: "sum"|"product"|"concat"|"private"|string|compt.Operator|compt.OperatorTable -- composition operator: a built-in name, a name defined with compt.compose.define, or an operator as that function takes it
- sources?: integer -- S, number of shared source prompts (default 3; pt 0)
- length?: integer -- m, rows of a source prompt (default 20; mcat 10)
- private_length?: integer -- rows of a private prompt; default: m, or S m for "concat"
- encoder?: compt.Encoder = "mlp" -- network that reparametrises each prompt
- init?: compt.Init = "uniform" -- initialisation of prompts
- router?: compt.RouterKind|string|compt.MethodRouter|compt.RouterFunction|compt.RouterTable = "relaxed_bernoulli" -- a kind of router, a name defined with compt.router.define, options, or a router as that function takes it
- placement?: "append"|"prepend" = "append" -- prompts are placed after the input and before `</s>`, or before the input
- prefix?: boolean -- put the prefix of its task before every input; see `compt.trainer`. Default: false
- alone?: boolean -- train each task separately, one after the other (default: true for pt, else false)
- lr?: table<compt.Group, number> -- peak learning rates (default { router = 0.1, source = 0.05, private = 0.02 }; operator: default that of private)
- warmup?: number = 0.2 -- share of the steps for the warm-up of the learning rates, rounded up as in transformers
- temperature?: number[] -- router temperature at the first and the last step (default { 5, 1e-3 })
- top_k?: integer -- number of router weights to keep per example, the largest ones; default: all
- optimizer?: compt.OptimizerKind|string|compt.OptimizerOptions|compt.UpdateFunction|compt.OptimizerTable = "adamw" -- a kind of optimizer, a name defined with compt.optimizer.define, options, or an optimizer as that function takes it
- weight_decay?: number = 0.01 -- weight decay: decoupled, but with the optimizer "sgd" added to the gradient
]]

options "compt.MethodRouter" [[
The router of a method.
- kind?: compt.RouterKind|string = "relaxed_bernoulli" -- kind of router, or a name defined with compt.router.define, whose options can be set here, too
- train?: compt.Normalisation = "softmax" -- normalisation in training
- eval?: compt.Normalisation = "softmax" -- normalisation at inference
- per?: compt.Per = "example" -- whether to draw a sample per example or per step
- bound?: number = 0 -- initial logits are drawn from U(-bound, bound)
- hard?: boolean = false -- gumbel: one source prompt for each example
]]

class "compt.Method" [[
A declared method: a table of `compt.MethodOptions` for `compt.trainer`. `compt.methods.<name>` fills in the
published defaults. A table that you write yourself has no defaults: set `sources`, `lr` and `temperature`.
`compt.trainer` raises an error for an unknown key, and shows a warning for a learning rate of a group that
the method does not have.
- name?: string -- name in records and tables
- settings?: table -- additional settings, recorded with the method and not used otherwise
]]

class "compt.methods" [[
The methods of the library, each with its published settings. Each function raises an error for an unknown option,
with the nearest known one. Values are checked by `compt.trainer`.
]]

fn "compt.methods.ssum(options?: compt.MethodOptions): compt.Method" [[
SSUM (ComPT): the prompt of task t is P_t = P_u + sum_s w_ts P_s, [m, d]; P_u is its private prompt.
> compt.methods.ssum { sources = 3, length = 20, lr = { router = 0.1 }, router = { eval = "softmax_sigmoid" } }
]]

fn "compt.methods.msum(options?: compt.MethodOptions): compt.Method" [[
MSUM (ComPT): the prompt of task t is P_t = P_u * sum_s w_ts P_s (elementwise), [m, d].
> compt.methods.msum { sources = 2 }
]]

fn "compt.methods.mcat(options?: compt.MethodOptions): compt.Method" [[
MCAT (ComPT): the prompt of task t is P_t = P_u * [w_t1 P_1; ...; w_tS P_S], [S m, d]. The published inference weights
differ from those of training and cost several points; `router = { eval = "softmax_sigmoid" }` uses similar weights.
> compt.methods.mcat { router = { eval = "softmax_sigmoid" } }
]]

fn "compt.methods.pt(options?: compt.MethodOptions): compt.Method" [[
Prompt tuning (Lester et al. 2021) with ComPT's encoder: one private prompt [m, d] per task. Each task is trained
separately; `alone = false` trains all tasks in mixed batches, as the composed methods do.
> compt.methods.pt { alone = false }
]]

fn "compt.methods.p_tuning(options?: compt.MethodOptions): compt.Method" [[
P-tuning (Liu et al. 2021), as `peft` computes it: one prompt [m, d] per task, trained through an LSTM encoder.
> compt.methods.p_tuning { length = 10 }
]]

options "compt.PeerOptions" [[
Options that all other methods share.
- lr?: table<compt.Group, number> -- peak learning rates by parameter group
- warmup?: number -- share of the steps for the warm-up
- optimizer?: compt.OptimizerKind|string|compt.OptimizerOptions|compt.UpdateFunction|compt.OptimizerTable = "adamw" -- a kind of optimizer, a name defined with compt.optimizer.define, options, or an optimizer as that function takes it
- weight_decay?: number = 0.01 -- decoupled weight decay; 0 for methods that are published without weight decay
- prefix?: boolean -- put the prefix of its task before every input; see `compt.trainer`. Default: true for `fine_tuning` with `shared` and for `spot` without `retrieve`, else false
]]

options "compt.PeerPromptOptions: compt.PeerOptions" [[
- placement?: "append"|"prepend" = "prepend" -- prompts are placed after the input and before `</s>`, or before the input
- init?: compt.Init = "vocabulary" -- initialisation of prompts
]]

options "compt.PeerSourceOptions: compt.PeerPromptOptions" [[
- from?: compt.Tasks -- source tasks; default: the tasks of the trainer
]]

options "compt.FineTuningOptions: compt.PeerOptions" [[
- alone?: boolean = true -- one model for each task, trained one after the other, as published; the opposite of `shared`
- shared?: boolean = false -- one model for all tasks, in mixed batches; every input begins with the prefix of its task
]]

fn "compt.methods.fine_tuning(options?: compt.FineTuningOptions): compt.Method" [[
Full fine-tuning. Each task trains its own copy of the backbone (`trainer:backbone_of(task)`), or all tasks share one
(`trainer.backbone`). The backbone passed does not change, unless it is trainable; then it is trained itself, which needs
one task or `shared`. Memory and checkpoints hold as many models as there are copies.
> compt.methods.fine_tuning { lr = { backbone = 3e-4 } }
> compt.methods.fine_tuning { shared = true }
]]

options "compt.LoraOptions: compt.PeerOptions" [[
- at?: string = "*Attention.{q,v}" -- pattern of matrices; `*` matches anything
- rank?: integer = 8 -- rank r of the update
- alpha?: number = 8 -- the update is multiplied by alpha / r
- given?: compt.folder -- a LoRA folder of `peft` to start from, instead of `at`, `rank` and `alpha`
- alone?: boolean = true -- train each task separately (required: each task has its own update)
]]

fn "compt.methods.lora(options?: compt.LoraOptions): compt.Method" [[
LoRA (Hu et al. 2021): W + (alpha / r) B A with A [r, in] and B [out, r], one update per task.
> compt.methods.lora { rank = 4 }
]]

options "compt.AdaptersOptions: compt.PeerOptions" [[
- at?: string = "*.{SelfAttention,DenseReluDense}" -- pattern of modules
- width?: integer -- width w of the bottleneck; default: d / 32
- activation?: "gelu"|"relu"|"silu" = "gelu" -- activation of the bottleneck
- norms?: boolean = true -- train the layer norms as well
- alone?: boolean = true -- train each task separately (required: each task has its own adapters)
]]

fn "compt.methods.adapters(options?: compt.AdaptersOptions): compt.Method" [[
Adapters (Houlsby et al. 2019): h + up(activation(down(h))) after modules of the backbone, with down [w, d] and up
[d, w], one set per task.
> compt.methods.adapters { width = 4 }
]]

options "compt.BitfitOptions: compt.PeerOptions" [[
- at?: string = "*" -- pattern of matrices and norms
- alone?: boolean = true -- train each task separately (required: each task has its own biases)
]]

fn "compt.methods.bitfit(options?: compt.BitfitOptions): compt.Method" [[
BitFit (Ben Zaken et al. 2022): a bias [out] at every matrix and norm, one set per task.
> compt.methods.bitfit {}
]]

options "compt.PrefixTuningOptions: compt.PeerOptions" [[
- length?: integer = 5 -- number of prefix positions, m
- hidden?: integer = 512 -- width of the MLP that reparametrises the prefix
- alone?: boolean = true -- train each task separately (required: each task has its own prefixes)
]]

fn "compt.methods.prefix_tuning(options?: compt.PrefixTuningOptions): compt.Method" [[
Prefix tuning (Li and Liang 2021): m keys and values before those of every attention, one set per task.
> compt.methods.prefix_tuning { length = 5, hidden = 64 }
]]

options "compt.DeptOptions: compt.PeerPromptOptions" [[
- length?: integer = 12 -- rows of the prompt
- rank?: integer = 8 -- rank r of the update of the embeddings
- alpha?: number -- the update is multiplied by alpha / sqrt(r); default: sqrt(r), for a factor of 1
- positions?: integer -- maximum input length; default: `max_source_length` of the trainer
- alone?: boolean = true -- train each task separately (required: each task has its own update)
]]

fn "compt.methods.dept(options?: compt.DeptOptions): compt.Method" [[
DePT (Shi and Lipani 2024): a short prompt, and a low-rank update A B of the input embeddings by position, with A
[positions, r] and B [r, d], per task.
> compt.methods.dept { length = 8, rank = 4 }
]]

options "compt.SpotOptions: compt.PeerSourceOptions" [[
- length?: integer = 20 -- rows of a prompt
- retrieve?: false|"best"|"average" = false -- initial prompt of a target task: one prompt trained on all source tasks; the prompt of the most similar source task; or a weighted mean of the most similar ones
- top?: integer = 3 -- number of prompts in the mean
]]

fn "compt.methods.spot(options?: compt.SpotOptions): compt.Method" [[
SPoT (Vu et al. 2022): prompts of source tasks initialise the prompts [m, d] of target tasks. With `retrieve = false`
all inputs begin with the prefix of their task, which is all that tells the one prompt of the source tasks which one it
is asked.
> compt.methods.spot { retrieve = "best" }
]]

options "compt.AttemptOptions: compt.PeerSourceOptions" [[
- length?: integer = 20 -- rows of a prompt
- width?: integer = 100 -- width of the attention network
- sources?: (compt.Prompt|torch.Tensor)[] -- source prompts [m, d] that are already trained; by default they are trained first
- shared?: boolean = false -- ATTEMPT-m: one attention network for all tasks, in mixed batches
]]

fn "compt.methods.attempt(options?: compt.AttemptOptions): compt.Method" [[
ATTEMPT (Asai et al. 2022): attention over frozen source prompts and the prompt of the target task, for each input.
> compt.methods.attempt { shared = true }
]]

options "compt.MptOptions: compt.PeerSourceOptions" [[
- length?: integer = 20 -- rows of a prompt
- lambda?: number = 0.9 -- weight of the distillation loss
]]

fn "compt.methods.mpt(options?: compt.MptOptions): compt.Method" [[
MPT (Wang et al. 2023): P * (u_t v_t^T), a shared prompt P [m, d] times a rank-one matrix per task. Three stages:
teachers, distillation, adaptation.
> compt.methods.mpt { length = 10 }
]]

options "compt.Mp2Options: compt.PeerOptions" [[
- sources?: integer = 8 -- number of modular prompts
- length?: integer = 50 -- rows of a prompt
- rank?: integer = 300 -- rank of all modular prompts together
- pretrain?: number = 3e-3 -- learning rate of the first stage
- placement?: "append"|"prepend" = "prepend" -- prompts are placed after the input and before `</s>`, or before the input
- from?: compt.Tasks -- source tasks; default: the tasks of the trainer
]]

fn "compt.methods.mp2(options?: compt.Mp2Options): compt.Method" [[
MP2 (Sun et al. 2023): modular prompts of low rank with a router. Three stages: all parameters, the router, the prompts.
> compt.methods.mp2 { sources = 4, length = 10, rank = 20 }
]]

options "compt.MixedOptions: compt.PeerOptions" [[
- mix?: "mean"|"max"|"concat"|"linear" = "mean" -- how the source prompts are combined
- join?: "sum"|"product"|"concat" = "sum" -- how the result is combined with the private prompt
- share?: number|"learned"|false = false -- weight a of the private prompt: (1 - a) mixed and a private
- sources?: integer = 3 -- S, number of source prompts
- length?: integer = 20 -- m, rows of a source prompt
- placement?: "append"|"prepend" = "append" -- prompts are placed after the input and before `</s>`, or before the input
- init?: compt.Init = "uniform" -- initialisation of prompts
]]

fn "compt.methods.mixed(options?: compt.MixedOptions): compt.Method" [[
Other compositions in ComPT's published code: source prompts combined without a router, then joined with the private
prompt.
> compt.methods.mixed { mix = "max", share = "learned" }
]]

options "compt.UlptOptions: compt.PeerOptions" [[
- length?: integer = 20 -- m, rows of the prompt
- rank?: integer = 2 -- r, the dimension that the prompt is trained in
- projection?: integer = 0 -- seed of the fixed projection, the same for all tasks; runs with the same one have the same projection
- placement?: "append"|"prepend" = "prepend" -- prompts are placed after the input and before `</s>`, or before the input
- alone?: boolean = true -- train each task separately; false: in mixed batches
]]

fn "compt.methods.ulpt(options?: compt.UlptOptions): compt.Method" [[
ULPT (Wu et al. 2025): the prompt of a task is (Z R) * b + s with Z [m, r], a fixed random projection R [r, d], a scale b
[d] and a shift s [d].
> compt.methods.ulpt { rank = 2 }
]]

options "compt.ResidualOptions: compt.PeerPromptOptions" [[
- length?: integer = 10 -- m, rows of the prompt
- width?: integer = 800 -- width of the network
- separate?: boolean = false -- a network for each row of the prompt
- alone?: boolean = true -- train each task separately; false: in mixed batches
]]

fn "compt.methods.residual(options?: compt.ResidualOptions): compt.Method" [[
Residual Prompt Tuning (Razdaibiedina et al. 2023): each row p of a task's prompt [m, d] is trained as p + LayerNorm(W2
relu(W1 p + b1) + b2). Only the result is kept.
> compt.methods.residual { width = 64 }
]]

options "compt.SmopOptions: compt.PeerPromptOptions" [[
- prompts?: integer = 4 -- k, number of prompts of a task, at most d
- length?: integer = 5 -- m, rows of each
- top?: integer = 1 -- number of prompts that an input adds up
- noise?: number = 1 -- standard deviation of the relative noise on the router's scores in training; 0: none
- alone?: boolean = true -- train each task separately; false: in mixed batches
]]

fn "compt.methods.smop(options?: compt.SmopOptions): compt.Method" [[
SMoP (Choi et al. 2023): a sparse mixture of k short prompts [m, d] per task: each input gets the prompt to which a linear
router [k, d] gives the largest weight, times that weight.
> compt.methods.smop { prompts = 4, length = 5 }
]]

options "compt.LopaOptions: compt.PeerPromptOptions" [[
- length?: integer = 10 -- m, rows of the prompt
- rank?: integer = 4 -- r, rank of the gate
- width?: integer = 64 -- width of the networks that compute the gate
- alone?: boolean = true -- train each task separately; false: in mixed batches
]]

fn "compt.methods.lopa(options?: compt.LopaOptions): compt.Method" [[
LOPA (Jain et al. 2024): the prompt [m, d] of a task times sigmoid(U V^T), a gate of rank r that two small networks compute
from the mean of the input's embeddings.
> compt.methods.lopa { rank = 4 }
]]

options "compt.AdeptOptions: compt.PeerPromptOptions" [[
- length?: integer = 12 -- rows of the prompt
- rank?: integer = 8 -- width r of the network
- dropout?: number = 0.1 -- dropout in the network in training
- alone?: boolean = true -- train each task separately; false: in mixed batches
]]

fn "compt.methods.adept(options?: compt.AdeptOptions): compt.Method" [[
ADePT (Tang et al. 2025): a short prompt, and a shift of each input embedding e by B relu(A e + a) + b, with A [d, r] and B
[r, d], per task.
> compt.methods.adept { length = 8, rank = 4 }
]]

options "compt.HptOptions: compt.PeerOptions" [[
- length?: integer = 5 -- m, rows of each of the three parts of a prompt
- width?: integer = 64 -- width of the networks that compute them
- placement?: "append"|"prepend" = "prepend" -- prompts are placed after the input and before `</s>`, or before the input
]]

fn "compt.methods.hpt(options?: compt.HptOptions): compt.Method" [[
HPT (Chen et al. 2023), as far as it fits prompts at the input: rows [m, d] that all tasks share, rows that choose among the
prompts of all tasks by attention and a gate, and rows of the task alone, all computed from the input. In the paper these
are prompts of lower, middle and upper layers. Three stages: without attention; with it; the rows of each task.
> compt.methods.hpt { length = 3 }
]]

options "compt.GroupedOptions: compt.PeerPromptOptions" [[
- groups?: table -- groups of tasks: name -> list of tasks, or of tasks and groups within the group (required)
- length?: integer = 20 -- m, rows of each prompt
- own?: boolean = true -- whether each task also has a prompt of its own
- join?: "sum"|"concat" = "sum" -- how the prompts of a task's groups and its own are combined
]]

fn "compt.methods.grouped(options?: compt.GroupedOptions): compt.Method" [[
A hierarchy of tasks: a prompt [m, d] for each group of tasks, shared by its members, and one for each task, added up or one
after the other, in mixed batches. Raises an error if a task is in two groups, or in none and has no prompt of its own.
> compt.methods.grouped { groups = { pairs = { "qnli", inference = { "nli2", "nli3" } }, opinions = { "sentiment" } } }
]]
