section "Prompts"

options "compt.EncoderOptions" [[
The network that reparametrises a prompt [m, d] during training. Only its output is kept.
- kind?: "mlp"|"lstm"|"none" = "mlp" -- "mlp": W2 act(W1 e + b1) + b2 on each row (ComPT); "lstm": a two-layer bidirectional LSTM and an MLP (P-tuning, Liu et al. 2021); "none": the prompt itself is trained
- activation?: "gelu"|"relu"|"silu" = "gelu" -- mlp: activation between the layers
- residual?: boolean = false -- mlp: add the input to the output
]]

alias "compt.Encoder" "\"mlp\"|\"lstm\"|\"none\"|compt.EncoderOptions" [[
A prompt encoder by name or with options.
]]

options "compt.InitOptions" [[
The initialisation of a prompt [m, d].
- kind: "uniform"|"vocabulary"|"text"|"labels"|"given" -- uniform random; embeddings of random tokens; embeddings of a text; embeddings of label words; a tensor (Lester et al. 2021)
- bound?: number = 0.5 -- uniform: values are drawn from U(-bound, bound)
- first?: integer = 5000 -- vocabulary, and `rest`: draw from this many first tokens of the vocabulary
- text?: string -- text: the text, one row per token
- labels?: string[] -- labels: the words, one row per word (mean of its tokens)
- rest?: "sample"|"tile" = "sample" -- text, labels: the remaining rows are random tokens, or the rows repeated
- value?: torch.Data -- given: a tensor [m, d]
]]

alias "compt.Init" "\"uniform\"|\"vocabulary\"|compt.InitOptions" [[
An initialisation by name or with options.
]]

options "compt.BankOptions" [[
- tasks: string[] -- names of the tasks; each gets a private prompt
- sources?: integer = 0 -- S, number of shared source prompts
- length?: integer = 20 -- m, rows of a source prompt
- private_length?: integer -- m', rows of a private prompt; default: `length`
- encoder?: compt.Encoder = "mlp" -- network that reparametrises each prompt
- init?: compt.Init = "uniform" -- initialisation
- backbone?: compt.Backbone -- gives width, vocabulary and device; use `backbone` or `d_model`
- d_model?: integer -- d, the width
- device?: torch.device = "cpu" -- device, if there is no backbone
]]

fn "compt.prompt_bank(options: compt.BankOptions): compt.PromptBank" [[
Creates S source prompts [m, d], shared by all tasks, and one private prompt [m', d] per task (ComPT). Raises an error
if both `backbone` and `d_model` are missing, a number is out of range, the initialisation needs a tokenizer or a
vocabulary and there is none, or d is odd for the LSTM encoder.
> bank = compt.prompt_bank { tasks = { "a", "b" }, sources = 2, length = 4, d_model = 8, device = "cpu" }
> compt.prompt_bank { tasks = { "a" }, length = 4, backbone = b, encoder = { kind = "mlp", activation = "relu", residual = true }, init = { kind = "text", text = "who has a dog ?", rest = "tile" } }
]]

class "compt.PromptBank" [[
Source prompts and private prompts.
- length: integer -- m, rows of a source prompt
- private_length: integer -- m', rows of a private prompt
- d_model: integer -- d, the width
- sources: integer -- S, number of source prompts
- tasks: string[] -- names of the tasks
> bank.sources
]]

method "compt.PromptBank:source(which: integer|string): torch.Tensor" [[
A source prompt after its encoder, [m, d], by number from 1 or by name ("src0" is the first). Raises an error if there
is no such prompt.
> bank:source(1).shape
]]

method "compt.PromptBank:private(task: integer|string): torch.Tensor" [[
The private prompt of a task after its encoder, [m', d]. Raises an error if the task is unknown.
> bank:private("a").shape
]]

method "compt.PromptBank:parameters(): table<string, torch.Tensor>" [[
All trained parameters by name.
> bank:parameters()
]]

section "Composition"

alias "compt.Operator" "fun(private: torch.Tensor, sources: torch.Tensor, weights: torch.Tensor, parameters: table<string, torch.Tensor>): torch.Tensor" [[
Composes the prompts of a batch: private [B, m', d], sources [S, m, d] and weights [B, S] to prompts [B, m'', d] with
m'' >= 1, float32, on the device of `private`. `parameters` are the parameters of the operator, or nil.
]]

class "compt.OperatorContext" [[
The sizes of a run, for the parameters of an operator.
- tasks: string[] -- names of the tasks
- sources: integer -- S, number of source prompts
- length: integer -- m, rows of a source prompt
- private_length: integer -- m', rows of a private prompt
- d_model: integer -- d, width of a prompt
]]

options "compt.OperatorParameter" [[
The shape and initialisation of a parameter of an operator.
- shape: integer[] -- the shape
- init?: "zeros"|"ones"|"uniform"|"normal"|table|number|torch.Tensor|fun(shape: integer[]): torch.Tensor -- "zeros" (the default), "ones", "uniform" from U(-0.5, 0.5), "normal" with mean 0 and standard deviation 0.02, { kind = "uniform", bound } or { kind = "normal", std }, a constant, a tensor of that shape, or a function of the shape
]]

alias "compt.OperatorParameters" "table<string, torch.Tensor|number|compt.OperatorParameter>" [[
Parameters by name: a tensor, of which a copy is trained, a number, or { shape, init }.
]]

options "compt.OperatorTable" [[
An operator with parameters. They are float32 and form the group `operator`: their learning rate is `lr.operator`
(default: that of `lr.private`), and they are recorded and saved in checkpoints like the prompts.
- parameters?: compt.OperatorParameters|fun(context: compt.OperatorContext): compt.OperatorParameters -- parameters by name, or a function of the sizes of the run that returns them
- compose: compt.Operator -- the operator
]]

class "compt.compose" [[
The composition operators. Operators that are defined with `compt.compose.define` become fields, too. Each raises an
error if the shapes do not match.
- [string]: compt.Operator -- operators defined by the user
]]

for _, entry in ipairs {
  { "sum", "SSUM: P_u + sum_s w_s P_s, [B, m, d] (ComPT, equation 5, which is labelled 'mul' by mistake)." },
  { "product", "MSUM: P_u * sum_s w_s P_s, elementwise, [B, m, d] (ComPT)." },
  { "concat", "MCAT: P_u * [w_1 P_1; ...; w_S P_S], elementwise, [B, S m, d] (ComPT).", 8 },
  { "private", "P_u alone, [B, m', d]: prompt tuning (Lester et al. 2021)." },
} do
  local name, text, rows = table.unpack(entry)
  fn("compt.compose." .. name .. "(private: torch.Tensor, sources: torch.Tensor, weights: torch.Tensor): torch.Tensor")(
    text .. "\nTakes private P_u [B, m', d], sources P [S, m, d] and weights w [B, S]."
      .. ("\n> compt.compose.%s(torch.ones(3, %d, 8), torch.ones(2, 4, 8), torch.ones(3, 2)).shape"):format(name, rows or 4))
end

fn "compt.compose.define(name: string, operator: compt.Operator|compt.OperatorTable|compt.path)" [[
Defines an operator; a method uses it with `compose = name`. Autograd differentiates it. A tensor that the function
captures from outside is not trained; declare it in `parameters`.

`compt.trainer` calls the operator once with a row of each task and once with a single row. It raises an error if the
result does not have the shape, dtype and device of a prompt, is not finite, or depends neither on the prompts nor on
the parameters. `define` raises an error if the name is that of a built-in operator.

Instead of a function or table, `define` takes the path of a Lua file that returns one. When that file is edited during
training, the new version is checked in the same way and used from the next step. A version that fails, or that has
other parameters, is reported and not used. The file runs in a Lua state of its own. It can use Lua's base functions,
`pcall`, `string`, `table`, `math` without `random`, `utf8`, `print` (to standard error) and `require "compt.torch"`
without `load`, `save`, `manual_seed` and the settings of the process. A call may take 5 million instructions, 5 s of
CPU time and 64 MiB of memory besides its tensors, and the file may have 64 KiB.
~ fun(name: string, file: compt.path)
> compt.compose.define("gated", function(private, sources, weights)
>   local mixed = torch.einsum("bs,smd->bmd", weights, sources)
>   return private * torch.sigmoid(mixed) + mixed
> end)
> compt.compose.define("gated_by_dimension", {
>   parameters = function(context) return { gate = { shape = { context.d_model }, init = "zeros" } } end,
>   compose = function(private, sources, weights, parameters)
>     return private * torch.sigmoid(parameters.gate) + torch.einsum("bs,smd->bmd", weights, sources)
>   end,
> })
]]

section "Routers"

class "compt.router" [[
Routers: the weight of each source prompt for a task.
]]

alias "compt.RouterKind" [[
A kind of router.
- "relaxed_bernoulli" -- samples at a temperature (ComPT)
- "free" -- learned weights without samples
- "constant" -- every source weighs 1 / S
- "gumbel" -- Gumbel-softmax (Jang et al. 2017)
- "sparsemax" -- learned weights of which some are 0 (Martins & Astudillo 2016)
]]

alias "compt.Normalisation" [[
How a router turns its scores [B, S] into weights [B, S].
- "softmax" -- softmax of the samples in training, of the logits at inference (ComPT)
- "softmax_sigmoid" -- softmax of the sigmoids of the logits, which is close to the weights in training
- "sum" -- sigmoids divided by their sum (MP2, Sun et al. 2023)
- "sigmoid" -- sigmoids
- "none" -- samples in training, logits at inference
]]

alias "compt.Per" [[
How often a router draws a sample.
- "example" -- one for each example
- "step" -- one for the whole batch
]]

options "compt.ConstantOptions" [[
- tasks: integer|string[] -- number of tasks, or their names
- sources: integer -- S, number of source prompts
- device?: torch.device = "cpu" -- device
]]

options "compt.FreeOptions: compt.ConstantOptions" [[
- train?: compt.Normalisation = "softmax" -- normalisation in training
- eval?: compt.Normalisation = "softmax" -- normalisation at inference
- bound?: number = 0 -- initial logits are drawn from U(-bound, bound)
]]

options "compt.RelaxedBernoulliOptions: compt.FreeOptions" [[
- temperature?: number = 1 -- temperature of the samples
- per?: compt.Per = "example" -- whether to draw a sample per example or per step
]]

fn "compt.router.relaxed_bernoulli(options: compt.RelaxedBernoulliOptions): compt.Router" [[
A router with learned logits [tasks, S]. In training the scores are relaxed Bernoulli samples, sigmoid((logit + log u -
log(1 - u)) / temperature) with u from U(0, 1); at inference they are the logits (ComPT, equation 7, whose exponent is
misprinted; Maddison et al. 2017). Raises an error if a number is out of range or a name is unknown.
> r = compt.router.relaxed_bernoulli { tasks = 2, sources = 3, temperature = 0.5, per = "step", train = "softmax", eval = "softmax_sigmoid", bound = 0.1, device = "cpu" }
]]

fn "compt.router.free(options: compt.FreeOptions): compt.Router" [[
A router with learned logits [tasks, S] and no sampling. Raises an error if a number is out of range or a name is
unknown.
> compt.router.free { tasks = { "a", "b" }, sources = 3 }
]]

fn "compt.router.constant(options: compt.ConstantOptions): compt.Router" [[
A router with the weight 1 / S for every source prompt; nothing is learned. Raises an error if a number is out of
range.
> compt.router.constant { tasks = 2, sources = 3 }
]]

options "compt.GumbelOptions: compt.ConstantOptions" [[
- temperature?: number = 1 -- temperature of the samples
- hard?: boolean = false -- one source prompt for each example: a one-hot sample with the gradient of the soft one
]]

fn "compt.router.gumbel(options: compt.GumbelOptions): compt.Router" [[
A router with learned logits [tasks, S]: in training the weights are softmax((logits + g) / temperature) with Gumbel
noise g, as `gumbel_softmax` of PyTorch; at inference softmax(logits) (Jang et al. 2017; Maddison et al. 2017).
`stdlib/routers/gumbel.lua` shows how a router is written. Raises an error if a number is out of range.
> compt.router.gumbel { tasks = 2, sources = 3, temperature = 0.5, hard = true }
]]

options "compt.SparsemaxOptions: compt.ConstantOptions" [[
- temperature?: number = 1 -- not used
]]

fn "compt.router.sparsemax(options: compt.SparsemaxOptions): compt.Router" [[
A router whose weights are the projection of learned logits [tasks, S] onto the probability simplex, in training and at
inference: source prompts with small logits weigh 0 (Martins & Astudillo 2016). Raises an error if a number is out of
range.
> compt.router.sparsemax { tasks = { "a", "b" }, sources = 3 }
]]

class "compt.RouterContext: compt.OperatorContext" [[
What a router in Lua is called with: B rows, T tasks, S source prompts. In a router that is made without a trainer, the
prompts and their sizes are unknown. Reading an unknown field is an error.
- task: torch.Tensor -- int64 [B], the number of each row's task in `tasks`, from 1: what `index_select` takes
- phase: "train"|"eval" -- "eval" at inference, and where the weights are shown
- temperature: number? -- temperature of the step; nil at inference. A router that reads it has its temperature recorded
- parameters: table<string, torch.Tensor> -- its parameters
- options: table<string, any> -- its options; only if the definition has `options`
- excluded: torch.Tensor -- boolean [S], true for source prompts that an evaluation with `only` or `without` leaves out before the normalisation. Their weights become 0 in any case
- private_prompts: torch.Tensor -- the private prompt of each row, [B, m', d]
- source_prompts: torch.Tensor -- the source prompts, [S, m, d]
- embeddings: torch.Tensor -- with `inputs`: [B, L, d], embeddings of the tokens, zeros for padding, without gradient
- mask: torch.Tensor -- with `inputs`: [B, L], 1 for a token, 0 for padding
]]

alias "compt.RouterFunction" "fun(context: compt.RouterContext): torch.Tensor" [[
Returns the weights [B, S] of a batch, float32, on the device of `context.task`.
]]

options "compt.RouterTable" [[
A router with parameters. They are float32 and form the group `router`: their learning rate is `lr.router`, and they
are recorded and saved in checkpoints like the prompts.
- weights: compt.RouterFunction -- the weights of a batch
- parameters?: compt.OperatorParameters|fun(context: compt.OperatorContext): compt.OperatorParameters -- parameters by name, or a function of the sizes of the run that returns them
- normalised?: boolean -- whether the weights of a row sum to 1, within 1e-4 (default). An evaluation with fewer source prompts divides such weights by what is left of their sum, and `top_k` does; false for gates, which stay as they are
- inputs?: boolean -- whether the weights depend on the input: `context` has `embeddings` and `mask`. Default: false. The prompts are then composed for each row, also at inference; there is no prompt of a task to export, and the record has no `router_gap`
- options?: table<string, any> -- options of the router with their defaults, which are plain data: `router = { kind = name, OPTION = value }` of a method sets them
]]

fn "compt.router.define(name: string, router: compt.RouterFunction|compt.RouterTable|compt.path)" [[
Defines a router; a method uses it with `router = name`, or `router = { kind = name, ... }` with options. It also becomes
`compt.router[name]`, which makes one without a trainer. Autograd differentiates it. A tensor that the function captures
from outside is not trained; declare it in `parameters`. A method takes the function or the table itself, too.

`compt.trainer` calls the router with a row of each task and with a single row, in training and at inference. It raises
an error with the line of the function if the weights have another shape, dtype or device, are not finite, do not sum to
1 as declared, or do not depend on one of its parameters. `define` raises an error if the name is that of a router of
compt. `normalise` of an evaluation or control cannot be used with it.

Instead of a function or table, `define` takes the path of a Lua file that returns one. It is reloaded during training
with the same checks and limits as the file of an operator; see `compt.compose.define`.
~ fun(name: string, file: compt.path)
> compt.router.define("heated", {
>   parameters = function(context)
>     return { logits = { shape = { #context.tasks, context.sources } }, heat = 0 }
>   end,
>   weights = function(context)
>     local scores = context.parameters.logits:index_select(1, context.task) / torch.exp(context.parameters.heat)
>     return torch.softmax(scores:masked_fill(context.excluded, -math.huge), -1)
>   end,
> })
> compt.router.define("attention", {
>   inputs = true,
>   parameters = function(context) return { query = { shape = { context.d_model, context.d_model }, init = "normal" } } end,
>   weights = function(context)
>     local mean = context.embeddings:sum(2) / context.mask:sum(2, { keepdim = true })
>     local keys = context.source_prompts:mean(2)
>     return torch.softmax(torch.einsum("bd,de,se->bs", mean, context.parameters.query, keys), -1)
>   end,
> })
]]

class "compt.Router" [[
The weights of source prompts for each task.
- kind: compt.RouterKind|string -- kind of the router, or the name of its definition
- tasks: string[] -- names of the tasks
- sources: integer -- S, number of source prompts
- temperature: number -- default temperature of samples. It can be set, except for the router of a trainer, which sets it at every step: use `t:set("temperature", x)` there
- logits: torch.Tensor -- [tasks, S]; nil for "constant". Of a router in Lua: its parameter of this name
> r.logits
]]

options "compt.WeightsOptions" [[
- train?: boolean = false -- draw samples, as in training
- temperature?: number -- temperature of the samples; default: that of the router
- text?: string[] -- for a router of a trainer that reads inputs: the inputs, as the tokenizer gets them; a task for each, or one for all
]]

method "compt.Router:weights(tasks?: integer|string|table|torch.Tensor, options?: compt.WeightsOptions): torch.Tensor" [[
The weights [B, S] of B tasks, by number from 1 or by name (default: each task once). Raises an error if a task is
unknown or the temperature is not above 0, or if the weights depend on the input and there is no `text`.
> r:weights({ 1, 2, 1 }, { train = true, temperature = 0.1 })
]]
