section "Prompts"

options "compt.EncoderOptions" [[
The network that reparametrises prompts while they are trained.
- kind?: "mlp"|"lstm"|"none" = "mlp" -- two linear layers; a bidirectional LSTM and two layers; or none
- activation?: "gelu"|"relu"|"silu" = "gelu" -- of "mlp": between the layers
- residual?: boolean = false -- of "mlp": the encoder's output is added to its input
]]

alias "compt.Encoder" "\"mlp\"|\"lstm\"|\"none\"|compt.EncoderOptions" [[
The network that reparametrises prompts while they are trained, by name or with options.
]]

options "compt.InitOptions" [[
What prompts start from.
- kind: "uniform"|"vocabulary"|"text"|"labels"|"given" -- random; embeddings of random pieces; of a text; of label words; a tensor
- bound?: number = 0.5 -- "uniform": U(-bound, bound)
- first?: integer = 5000 -- "vocabulary" and `rest`: from the so many first pieces
- text?: string -- "text": whose pieces
- labels?: string[] -- "labels": whose pieces' means
- rest?: "sample"|"tile" = "sample" -- "text", "labels": rows that are left
- value?: torch.Data -- "given": [m, d]
]]

alias "compt.Init" "\"uniform\"|\"vocabulary\"|compt.InitOptions" [[
What prompts start from, by name or with options.
]]

options "compt.BankOptions" [[
- tasks: string[] -- a private prompt for each
- sources?: integer = 0 -- S, shared source prompts
- length?: integer = 20 -- m, rows of a source prompt
- private_length?: integer -- rows of a private prompt; by default `length`
- encoder?: compt.Encoder = "mlp" -- reparametrises each prompt
- init?: compt.Init = "uniform" -- what prompts start from
- backbone?: compt.Backbone -- whose width and vocabulary; this or `d_model`
- d_model?: integer -- d, the width
- device?: torch.device = "cpu" -- where they live, without a backbone
]]

fn "compt.prompt_bank(options: compt.BankOptions): compt.PromptBank" [[
Source prompts shared by all tasks and one private prompt a task (ComPT).
> bank = compt.prompt_bank { tasks = { "a", "b" }, sources = 2, length = 4, d_model = 8, device = "cpu" }
> compt.prompt_bank { tasks = { "a" }, length = 4, backbone = b, encoder = { kind = "mlp", activation = "relu", residual = true }, init = { kind = "text", text = "who has a dog ?", rest = "tile" } }
]]

class "compt.PromptBank" [[
Source prompts and private prompts.
- length: integer -- m, rows of a source prompt
- private_length: integer -- rows of a private prompt
- d_model: integer -- d
- sources: integer -- S
- tasks: string[] -- names
> bank.sources
]]

method "compt.PromptBank:source(which: integer|string): torch.Tensor" [[
A source prompt as its encoder gives it, [m, d], by number from 1 or by name: "src0" is the first.
> bank:source(1).shape
]]

method "compt.PromptBank:private(task: integer|string): torch.Tensor" [[
A task's private prompt as its encoder gives it, [m', d].
> bank:private("a").shape
]]

method "compt.PromptBank:parameters(): table<string, torch.Tensor>" [[
Everything that is trained, by name.
> bank:parameters()
]]

section "Composition"

alias "compt.Operator" "fun(private: torch.Tensor, sources: torch.Tensor, weights: torch.Tensor, parameters: table<string, torch.Tensor>): torch.Tensor" [[
private [B, m', d], sources [S, m, d], weights [B, S] to prompts [B, m'', d], float32, on the device of
`private`; m'' is at least 1. `parameters` are those of an operator that has some, else nil.
]]

class "compt.OperatorContext" [[
The sizes of the run that an operator's parameters are made for.
- tasks: string[] -- names of the tasks
- sources: integer -- S, source prompts
- length: integer -- m, rows of a source prompt
- private_length: integer -- m', rows of a private prompt
- d_model: integer -- d, width of a prompt
]]

class "compt.OperatorParameter" [[
How a parameter of an operator begins.
- shape: integer[] -- its sizes
- init?: "zeros"|"ones"|"uniform"|"normal"|table|number|torch.Tensor|fun(shape: integer[]): torch.Tensor -- "zeros" (the default), "ones", "uniform" from U(-0.5, 0.5), "normal" from N(0, 0.02), { kind = "uniform", bound } or { kind = "normal", std }, a number for all, a tensor of that shape, or a function of the shape
]]

alias "compt.OperatorParameters" "table<string, torch.Tensor|number|compt.OperatorParameter>" [[
Parameters by name: a tensor, which is copied, a number, or { shape, init }.
]]

class "compt.OperatorTable" [[
An operator with parameters. They are float32, the group `operator`: trained with the rate `lr.operator`
(by default that of `lr.private`), decayed, recorded, and saved in checkpoints like the prompts.
- parameters?: compt.OperatorParameters|fun(context: compt.OperatorContext): compt.OperatorParameters -- by name, or a function of the sizes of the run
- compose: compt.Operator -- the operator itself
]]

class "compt.compose" [[
The composition operators. One defined with `compt.compose.define` is a field too.
- [string]: compt.Operator -- operators of one's own
]]

for _, entry in ipairs {
  { "sum", "SSUM: P_u + sum_s w_s P_s, rows m (ComPT, equation 5, which labels it 'mul' by a slip)." },
  { "product", "MSUM: P_u * sum_s w_s P_s, rows m (ComPT)." },
  { "concat", "MCAT: P_u * [w_1 P_1; ...; w_S P_S], rows S m (ComPT).", 8 },
  { "private", "P_u alone: prompt tuning." },
} do
  local name, text, rows = table.unpack(entry)
  fn("compt.compose." .. name .. "(private: torch.Tensor, sources: torch.Tensor, weights: torch.Tensor): torch.Tensor")(
    text .. "\nprivate [B, m', d], sources [S, m, d], weights [B, S]."
      .. ("\n> compt.compose.%s(torch.ones(3, %d, 8), torch.ones(2, 4, 8), torch.ones(3, 2)).shape"):format(name, rows or 4))
end

fn "compt.compose.define(name: string, operator: compt.Operator|compt.OperatorTable)" [[
An operator of one's own, differentiable as it is: a method's `compose = name` uses it. `compt.trainer` tries
it on a row of each task and on one row alone: what it returns must have the shape, dtype and device of a
prompt, be finite, and lead a gradient to the prompts or to its parameters. A tensor that it only closes over
is not trained, which a warning says after the first step: `parameters` are. In place of the function or
table the path of a Lua file that returns it: a saved edit is tried alike and used from the next step on; one
that does not work, or has other parameters, is told and changes nothing.
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
The kinds of router: how much each source prompt weighs for a task.
]]

alias "compt.RouterKind" [[
A kind of router.
- "relaxed_bernoulli" -- samples at a temperature (ComPT)
- "free" -- learned weights without samples
- "constant" -- every source weighs 1 / S
]]

alias "compt.Normalisation" [[
How a router's scores become weights over the sources.
- "softmax" -- of the samples in training, of the logits at inference (ComPT)
- "softmax_sigmoid" -- softmax of the logits' sigmoids, as in training
- "sum" -- sigmoids divided by their sum (MP2)
- "sigmoid"
- "none"
]]

alias "compt.Per" [[
What one sample of a router is for.
- "example" -- each example its own
- "step" -- the whole batch one
]]

options "compt.ConstantOptions" [[
- tasks: integer|string[] -- how many, or their names
- sources: integer -- S
- device?: torch.device = "cpu" -- where it lives
]]

options "compt.FreeOptions: compt.ConstantOptions" [[
- train?: compt.Normalisation = "softmax" -- while training
- eval?: compt.Normalisation = "softmax" -- at inference
- bound?: number = 0 -- logits start from U(-bound, bound)
]]

options "compt.RelaxedBernoulliOptions: compt.FreeOptions" [[
- temperature?: number = 1 -- of the samples
- per?: compt.Per = "example" -- what one sample is for
]]

fn "compt.router.relaxed_bernoulli(options: compt.RelaxedBernoulliOptions): compt.Router" [[
Weights from relaxed Bernoulli samples: sigmoid((logit + logistic noise) / temperature), normalised over
the sources; at inference from the logits (ComPT, equation 7, whose exponent is misprinted).
> r = compt.router.relaxed_bernoulli { tasks = 2, sources = 3, temperature = 0.5, per = "step", train = "softmax", eval = "softmax_sigmoid", bound = 0.1, device = "cpu" }
]]

fn "compt.router.free(options: compt.FreeOptions): compt.Router" [[
Learned logits, normalised over the sources, without sampling.
> compt.router.free { tasks = { "a", "b" }, sources = 3 }
]]

fn "compt.router.constant(options: compt.ConstantOptions): compt.Router" [[
Every source weighs 1 / S; nothing is learned.
> compt.router.constant { tasks = 2, sources = 3 }
]]

class "compt.Router" [[
Weights of the sources for each task.
- kind: compt.RouterKind -- which
- tasks: string[] -- names
- sources: integer -- S
- temperature: number -- of samples where a call names none; may be set, but for a trainer's router, whose temperature every step sets (`t:set("temperature", x)`)
- logits: torch.Tensor? -- [tasks, S]; nil for "constant"
> r.logits
]]

options "compt.WeightsOptions" [[
- train?: boolean = false -- samples as in training
- temperature?: number -- of the samples; by default the router's
]]

method "compt.Router:weights(tasks?: integer|string|table|torch.Tensor, options?: compt.WeightsOptions): torch.Tensor" [[
Weights [B, S], a row for each task named (by number from 1 or by name; default: every task once).
> r:weights({ 1, 2, 1 }, { train = true, temperature = 0.1 })
]]
