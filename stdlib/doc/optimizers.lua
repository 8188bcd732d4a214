section "Optimizers"

class "compt.optimizer" [[
Optimizers: those of trainers are chosen with `optimizer` of `compt.trainer` or of a method. By hand, a function of the
name of each takes parameters, as the classes of `torch.optim` do.
]]

alias "compt.OptimizerKind" [[
An optimizer.
- "adamw" -- Loshchilov & Hutter 2019
- "adafactor" -- Shazeer & Stern 2018
- "lion" -- Chen et al. 2023
- "sgd" -- stochastic gradient descent with momentum, as in PyTorch
]]

options "compt.OptimizerOptions" [[
AdamW (Loshchilov and Hutter 2019), as in PyTorch; Adafactor (Shazeer and Stern 2018), as in transformers; Lion (Chen et al.
2023); SGD, as in PyTorch. Or the name of an optimizer that is defined with compt.optimizer.define, whose options can be set
here, too.
- kind: compt.OptimizerKind|string -- type of optimizer
- betas?: number[] -- adamw: decay rates of the moments (default { 0.9, 0.999 }); lion: weights of the momentum in the update and in the momentum (default { 0.9, 0.99 })
- eps?: number = 1e-8 -- adamw: added to the denominator
- scale_by_rms?: boolean = false -- adamw: multiply the learning rate by the root mean square of the parameter
- scale_parameter?: boolean = false -- adafactor: multiply the learning rate by the root mean square of the parameter
- decay_rate?: number = 0.8 -- adafactor: exponent of the decay of the second moment, 1 - t^-decay_rate
- clip_threshold?: number = 1 -- adafactor: maximum root mean square of an update
- momentum?: number = 0 -- sgd: weight of the momentum
- dampening?: number = 0 -- sgd: share of a gradient that is not added to the momentum
- nesterov?: boolean = false -- sgd: look ahead by the momentum
]]

options "compt.RateOptions" [[
- lr?: number = 1e-3 -- learning rate, 0 or more
- weight_decay?: number = 0 -- weight decay, 0 or more
]]

options "compt.AdamWOptions" [[
- lr?: number = 1e-3 -- learning rate, 0 or more
- weight_decay?: number = 0.01 -- decoupled weight decay, 0 or more
- betas?: number[] -- decay rates of the moments (default { 0.9, 0.999 })
- eps?: number = 1e-8 -- added to the denominator
- scale_by_rms?: boolean = false -- multiply the learning rate by the root mean square of the parameter
]]

options "compt.AdafactorOptions: compt.RateOptions" [[
- scale_parameter?: boolean = false -- multiply the learning rate by the root mean square of the parameter
- decay_rate?: number = 0.8 -- exponent of the decay of the second moment, 1 - t^-decay_rate
- clip_threshold?: number = 1 -- maximum root mean square of an update
]]

options "compt.LionOptions" [[
- lr?: number = 1e-4 -- learning rate, 0 or more
- weight_decay?: number = 0 -- decoupled weight decay, 0 or more
- betas?: number[] -- weights of the momentum in the update and in the momentum (default { 0.9, 0.99 })
]]

options "compt.SgdOptions: compt.RateOptions" [[
- momentum?: number = 0 -- weight of the momentum
- dampening?: number = 0 -- share of a gradient that is not added to the momentum
- nesterov?: boolean = false -- look ahead by the momentum; needs `momentum` and no `dampening`
]]

fn "compt.optimizer.adamw(parameters: table<any, torch.Tensor>, options?: compt.AdamWOptions): compt.Optimizer" [[
AdamW (Loshchilov & Hutter 2019) over a list of tensors, or a table with a name for each, as `torch.optim.AdamW`. The
tensors are leaves that require gradients; they are changed in place. Raises an error if there are none, if one is not a
contiguous leaf that requires gradients or is there twice, or for an invalid option. This holds for every optimizer.
> weight, bias = torch.zeros(3, { requires_grad = true }), torch.zeros(1, { requires_grad = true })
> o = compt.optimizer.adamw({ weight, bias }, { lr = 0.1, weight_decay = 0, betas = { 0.9, 0.99 }, eps = 1e-8, scale_by_rms = false })
> loss = ((torch.ones(2, 3):matmul(weight) + bias - 1) ^ 2):sum()
> loss:backward()
> o:step()
> o:zero_grad()
]]

fn "compt.optimizer.adafactor(parameters: table<any, torch.Tensor>, options?: compt.AdafactorOptions): compt.Optimizer" [[
Adafactor (Shazeer & Stern 2018) with an external learning rate, as in transformers with `relative_step=False`. Errors: as
`compt.optimizer.adamw`.
> compt.optimizer.adafactor({ weight }, { lr = 0.3, scale_parameter = true, decay_rate = 0.8, clip_threshold = 1 })
]]

fn "compt.optimizer.lion(parameters: table<any, torch.Tensor>, options?: compt.LionOptions): compt.Optimizer" [[
Lion (Chen et al. 2023, algorithm 2): every element moves by `lr` in the direction of its momentum, so that the rates of
AdamW are 3 to 10 times too large for it (section 5 of the paper). It is 16 lines of Lua, `stdlib/optimizers/lion.lua`, which
show how an optimizer is written. Errors: as `compt.optimizer.adamw`.
> compt.optimizer.lion({ weight }, { lr = 0.01, weight_decay = 0.1, betas = { 0.95, 0.98 } })
]]

fn "compt.optimizer.sgd(parameters: table<any, torch.Tensor>, options?: compt.SgdOptions): compt.Optimizer" [[
Stochastic gradient descent with momentum, dampening and Nesterov's momentum, as `torch.optim.SGD`. As there, the weight
decay is added to the gradient; that of the other optimizers is decoupled. Errors: as `compt.optimizer.adamw`.
> compt.optimizer.sgd({ weight }, { lr = 0.1, momentum = 0.9, nesterov = true, weight_decay = 0 })
]]

class "compt.UpdateContext" [[
The numbers of an update in an optimizer in Lua. Reading an unknown field is an error.
- lr: number -- learning rate of the step
- weight_decay: number -- weight decay of the step
- step: integer -- number of updates of this tensor, with this one, from 1; steps without gradient do not count
- name: string -- name of the parameter; not with `elementwise`
- options: table<string, any> -- the optimizer's options; only if the definition has `options`
]]

alias "compt.UpdateFunction" "fun(p: torch.Tensor, grad: torch.Tensor, state: table<string, torch.Tensor>, context: compt.UpdateContext): torch.Tensor?" [[
Updates a parameter: returns its new value, or changes `p` in place and returns nothing. `p` and `grad` have the
parameter's shape; with `elementwise` they are [n], for n numbers of several tensors. It runs without gradients. A tensor
that is assigned to `state.NAME` is copied into the state.
]]

options "compt.OptimizerTable" [[
An optimizer with a state and options.
- update: compt.UpdateFunction -- the update of a tensor
- state?: string[]|table<string, string> -- names of the tensors that it keeps for each parameter, zeros like the parameter before its first update; `NAME = "scalar"` keeps a float32 number []. They are saved in checkpoints
- options?: table<string, any> -- its options with their defaults, which are plain data: `optimizer = { kind = name, OPTION = value }` sets them
- elementwise?: boolean -- whether the update of an element depends on that element, its gradient and its state alone. Default: false. Neighbouring tensors of a parameter group are then updated in one call, which is faster; norms and means need false
- lr?: number -- learning rate by hand, if none is given. Default: 1e-3. In a trainer the rates are those of the method
]]

fn "compt.optimizer.define(name: string, optimizer: compt.UpdateFunction|compt.OptimizerTable|compt.path)" [[
Defines an optimizer; a trainer or method uses it with `optimizer = name`, or `optimizer = { kind = name, ... }` with
options. It also becomes `compt.optimizer[name]`, by hand. Trainers and methods take the function or the table itself, too.
The clip of gradients, the policy for losses that are not finite and the knobs `lr` and `weight_decay` hold for it as for
the others; it applies `context.weight_decay` itself.

`compt.trainer` calls it twice on tensors like the smallest parameter of each number of dimensions. It raises an error with the
line if the new value or a state has another shape, dtype or device, carries a graph or is not finite, if nothing changes, or
if it is `elementwise` and two tensors together are updated otherwise than each alone. The same errors, but for the last
three, are raised at every step. A step whose update fails changes no parameter and no state. `define` raises an error if
the name is that of an optimizer of compt.

Instead of a function or table, `define` takes the path of a Lua file that returns one. It is reloaded during training
with the same checks and limits as the file of an operator; see `compt.compose.define`. The state stays, and `state`,
`options`, `elementwise` and `lr` cannot change. By hand, a file is read once.
~ fun(name: string, file: compt.path)
> compt.optimizer.define("signs", function(p, grad, state, context) return p - context.lr * torch.sign(grad) end)
> compt.optimizer.define("heavy_ball", {
>   options = { momentum = 0.9 },
>   state = { "velocity" },
>   update = function(p, grad, state, context)
>     state.velocity = state.velocity * context.options.momentum + grad
>     return p - context.lr * (state.velocity + context.weight_decay * p)
>   end,
> })
> compt.optimizer.heavy_ball({ weight, bias }, { lr = 0.1, momentum = 0.5 })
]]

class "compt.Optimizer" [[
An optimizer by hand.
- kind: string -- its name
- lr: number -- learning rate; can be set
- weight_decay: number -- weight decay; can be set
> o.lr = o.lr / 2
]]

method "compt.Optimizer:step()" [[
Updates the parameters that have a gradient; the others, and their states, stay. Gradients stay as well. Raises an error if no
parameter has a gradient, or if an update in Lua fails, which changes nothing.
> weight:sum():backward()
> o:step()
]]

method "compt.Optimizer:zero_grad()" [[
Removes the gradients of all parameters; in PyTorch: `set_to_none=True`, the default.
> o:zero_grad()
]]

method "compt.Optimizer:state_dict(): table<string, torch.Tensor>" [[
A copy of the state, which `torch.save` can write: tensors `PARAMETER.NAME`, with the number of updates as
`PARAMETER.step`, of the parameters that were updated. PARAMETER is a number from 1, or the name in the table of
parameters. The learning rate is not part of it.
> state = o:state_dict()
]]

method "compt.Optimizer:load_state_dict(state: table<string, torch.Tensor>)" [[
Takes a state of `state_dict`. A parameter without a state in it begins anew. Raises an error if a tensor is not for one of
its parameters or has another shape; the state is then what it was.
> o:load_state_dict(state)
]]
