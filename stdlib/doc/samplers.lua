section "Samplers"

class "compt.sampler" [[
Samplers over rows: which rows a batch of a trainer has, with `sampler` of `compt.trainer`. Without one, each row is in an
epoch's batches once, in a random order. A sampler returns either the weight of each row, in proportion to which rows are
drawn with replacement (as by `WeightedRandomSampler` of PyTorch), or the order of the rows of an epoch. An epoch has as
many batches as without a sampler.

A sampler is asked again at the start of each epoch of a stage (weights also after `every` steps), also with its rows'
latest losses. In a method of several stages, and where tasks are trained one at a time, each stage has its own rows and
losses. The draws depend on `seed` only, and a run that is resumed goes on with the same rows. A sampler cannot be used
together with a stream, `length_buckets` or `task_weights`.
]]

alias "compt.SamplerKind" [[
A sampler of the library, in `stdlib/samplers`.
- "hard" -- rows with a large loss more often, by its rank (Loshchilov & Hutter 2015): the row with the largest latest loss is about `pressure` times as likely as that with the smallest; rows that have not been in a batch count as the hardest
- "short_first" -- from short to long inputs, by the competence of Platanios et al. 2019: at first a share `start` of the rows, the shortest; all of them after a share `all_by` of the steps
- "temperature" -- the mix of tasks: in proportion to min(n, limit)^(1 / temperature) for n training rows (T5, Raffel et al. 2020); within a task, all rows alike
]]

options "compt.SamplerOptions" [[
A sampler with options. Options of a definition's own are given in the same table.
- kind?: compt.SamplerKind|string = "temperature" -- kind of the sampler, or the name of its definition. It may be left out beside `temperature`
- every?: integer|"epoch" -- steps between two computations of weights; default: that of the definition, or "epoch"
- temperature?: number = 1 -- "temperature": above 0. 1: in proportion to the tasks' rows; larger: more alike
- limit?: integer = 0 -- "temperature": a task counts as at most this number of rows; 0: no limit
- start?: number = 0.25 -- "short_first": share of rows at the first step, in (0, 1]. The paper's is 0.01, for many rows
- all_by?: number = 0.5 -- "short_first": share of the steps after which all rows are in use, in (0, 1]
- pressure?: number = 100 -- "hard": the ratio of the largest to the smallest probability at the first step, at least 1
- last_pressure?: number = 1 -- "hard": the same at the end, at least 1. In between it changes geometrically
]]

class "compt.SamplerRow" [[
A training row as a sampler sees it. Reading an unknown field is an error.
- task: string -- name of its task
- index: integer -- its number among the training rows of its task, from 1
- tokens: integer -- length of the input in tokens, with `</s>`
- target_tokens: integer -- length of the target in tokens, with `</s>`
- source: string -- text of the input
- target: string -- text of the target
- loss: number? -- with `losses`: its loss in the last batch it was in, a mean over its target tokens; nil before
]]

class "compt.SamplerContext" [[
Where the training is when a sampler is asked. Reading an unknown field is an error.
- tasks: string[] -- names of the tasks of the stage
- task_sizes: table<string, integer> -- number of rows of each of them
- stage: string -- name of the stage; empty if there is only one
- step: integer -- next step of the stage, from 1
- total_steps: integer -- number of steps of the stage
- epoch: integer -- epoch of the step, from 1
- progress: number -- fraction of the stage's steps made so far, in [0, 1)
- options: table<string, any> -- options of the sampler
]]

alias "compt.SamplerFunction" "fun(rows: compt.SamplerRow[], context: compt.SamplerContext): number[]|torch.Tensor" [[
Returns a number for each of `rows`, as a list or a tensor [n]. As `weights`: the weight of each row, at least 0. As `order`:
the numbers of the rows, from 1, each once, in the order in which an epoch has them.
]]

options "compt.SamplerTable" [[
A sampler: `weights` or `order`, and what it needs.
- weights?: compt.SamplerFunction -- the weight of each row
- order?: compt.SamplerFunction -- the rows in the order of an epoch
- every?: integer|"epoch" = "epoch" -- with `weights`: steps between two computations
- losses?: boolean = false -- whether rows have their `loss`. Losses are kept, also in checkpoints, for such samplers only
- mixes_tasks?: boolean = false -- whether it only decides the mix of tasks: a trainer whose tasks are all trained one at a time then refuses it
- options?: table<string, any> -- options with their defaults, which are plain data: `sampler = { kind = name, OPTION = value }` of a trainer sets them
]]

fn "compt.sampler.define(name: string, sampler: compt.SamplerFunction|compt.SamplerTable|compt.path)" [[
Defines a sampler; a trainer uses it with `sampler = name`, or `sampler = { kind = name, ... }` with options. A trainer takes
a table, or a function that returns weights, without a name, too.

`compt.trainer` asks the sampler for the rows of each stage: at the first step twice, and at the last with losses of 1. It
raises an error with the line of the function if there is not a number for each row, a weight is negative or not finite, no
weight is above 0, an order does not have each row once, or two answers for the same rows differ: a sampler keeps no state
between calls and draws no random numbers. `define` raises an error if the name is that of a sampler of compt.

Instead of a function or table, `define` takes the path of a Lua file that returns one. It is reloaded during training with
the same checks and limits as the file of an operator (see `compt.compose.define`): new weights hold from the next step on,
a new order from the next epoch on. The limits are enough for 200,000 rows.
~ fun(name: string, file: compt.path)
> compt.sampler.define("long_targets", function(rows)
>   local weights = {}
>   for i, row in ipairs(rows) do weights[i] = row.target_tokens end
>   return weights
> end)
> compt.sampler.define("easy", {
>   losses = true, every = 10, options = { sharpness = 1 },
>   weights = function(rows, context)
>     local weights = {}
>     for i, row in ipairs(rows) do weights[i] = math.exp(-context.options.sharpness * (row.loss or 0)) end
>     return weights
>   end,
> })
> compt.sampler.define("reversed", { order = function(rows)
>   local order = {}
>   for i in ipairs(rows) do order[i] = #rows + 1 - i end
>   return order
> end })
> compt.sampler.define("even", { mixes_tasks = true, weights = function(rows, context)
>   local weights = {}
>   for i, row in ipairs(rows) do weights[i] = 1 / context.task_sizes[row.task] end
>   return weights
> end })
> compt.trainer { backbone = b, tasks = tasks, method = compt.methods.ssum {}, steps = 1, sampler = { temperature = 2, limit = 1000 } }
]]
