section "Tensors"

class "torch" [[
Tensors with PyTorch's names: `local torch = require "compt.torch"`. A global at the prompt and in
`compt -e`.
]]

class "torch.Tensor" [[
A tensor of libtorch. Every function of `torch` that works on a tensor is a method too:
`torch.softmax(t, -1)` is `t:softmax(-1)`. A method ending in `_` changes its tensor and returns it.

Dimensions and positions count from 1, negative ones from the end; token and class ids are data and
count from 0. `t[2]` is a row; `t[{ { 1, 3 }, 2, {} }]` goes dimension by dimension: a range with
both ends, an index, all; `t[mask]` and `t[indices]` select rows. Assigning to those writes into the
tensor.

- shape: integer[] -- sizes of the dimensions
- ndim: integer -- number of dimensions
- dtype: string -- "float32", "bfloat16", "int64" ...
- device: string -- "cpu", "cuda:0"
- requires_grad: boolean -- whether gradients are recorded; may be set
- grad: torch.Tensor? -- the gradient `backward` added up, nil before; may be set to nil
- is_leaf: boolean -- made by the user, not by an operation that records gradients
- [integer|table|torch.Tensor]: torch.Tensor -- a part
- operator add(torch.Number): torch.Tensor
- operator sub(torch.Number): torch.Tensor
- operator mul(torch.Number): torch.Tensor
- operator div(torch.Number): torch.Tensor
- operator idiv(torch.Number): torch.Tensor
- operator mod(torch.Number): torch.Tensor
- operator pow(torch.Number): torch.Tensor
- operator unm: torch.Tensor
- operator len: integer
> x = torch.arange(6):reshape(2, 3)
> x[{ {}, 1 }]
]]

alias "torch.Number" "torch.Tensor|number" [[
A tensor or a number.
]]

alias "torch.Data" "torch.Tensor|number|boolean|table" [[
A tensor, or what becomes one: a number, or a nested table of numbers or booleans.
]]

alias "torch.dtype" [[
The type of a tensor's elements, by PyTorch's name or the short one.
- "float32"
- "f32" -- float32
- "bfloat16"
- "bf16" -- bfloat16
- "float64"
- "f64" -- float64
- "float16"
- "f16" -- float16
- "int64"
- "i64" -- int64
- "int32"
- "i32" -- int32
- "uint8"
- "u8" -- uint8
- "bool"
- "b8" -- bool
]]

alias "torch.device" "string" [[
Where tensors live: "cpu", "cuda", "cuda:1"; "auto" is CUDA where there is one.
]]

options "torch.Options" [[
Options of the functions that make a tensor.
- dtype?: torch.dtype -- of the elements; by default float32, or what the data or the other tensor is
- device?: torch.device -- where it lives; by default the CPU, or where the other tensor lives
- requires_grad?: boolean = false -- whether gradients are recorded
]]

options "torch.Reduce" [[
Options of reductions.
- keepdim?: boolean = false -- reduced dimensions stay, with size 1
]]

section "Tensors: making"

fn "torch.tensor(data: torch.Data, options?: torch.Options): torch.Tensor" [[
A tensor from a number or a nested table; a copy of a tensor. Without a dtype whole numbers make
int64, other numbers float32, booleans bool. A table whose rows differ in length is refused.
> torch.tensor({ { 1, 2 }, { 3, 4 } }, { dtype = "float32", device = "cpu", requires_grad = true })
]]

fn "torch.zeros(...: integer|integer[]|torch.Options): torch.Tensor" [[
Zeros of the sizes given, as numbers or as one list, with options last.
> torch.zeros(2, 3, { dtype = "int64" })
]]

fn "torch.ones(...: integer|integer[]|torch.Options): torch.Tensor" [[
Ones of the sizes given, with options last.
> torch.ones(2, 3)
]]

fn "torch.empty(...: integer|integer[]|torch.Options): torch.Tensor" [[
Memory of the sizes given, not initialised, with options last.
> torch.empty(2, 3, { dtype = "int64" }).shape
]]

fn "torch.full(sizes: integer[], value: number|boolean, options?: torch.Options): torch.Tensor" [[
One value everywhere.
> torch.full({ 2, 3 }, 0.5, { requires_grad = true })
]]

fn "torch.arange(start: number, stop?: number, step?: number = 1, options?: torch.Options): torch.Tensor" [[
Numbers from `start` to before `stop`; with one number from 0 to before it. int64 where all are whole.
> torch.arange(5)
> torch.arange(1, 2, 0.25, { dtype = "float64" })
]]

fn "torch.linspace(start: number, stop: number, steps: integer, options?: torch.Options): torch.Tensor" [[
`steps` numbers at equal distances, both ends included.
> torch.linspace(0, 1, 5, { dtype = "float64" })
]]

fn "torch.eye(n: integer, m?: integer|torch.Options, options?: torch.Options): torch.Tensor" [[
Ones on the diagonal, [n, m]; `m` is `n` if not given.
> torch.eye(3, { dtype = "int64" })
]]

op "zeros_like(input: torch.Tensor, options?: torch.Options): torch.Tensor" [[
Zeros of another tensor's sizes, dtype and device.
> torch.zeros_like(torch.ones(2, 3), { dtype = "int64" })
]]

op "ones_like(input: torch.Tensor, options?: torch.Options): torch.Tensor" [[
Ones of another tensor's sizes, dtype and device.
> torch.ones_like(torch.zeros(2, 3), { dtype = "bool" })
]]

op "empty_like(input: torch.Tensor, options?: torch.Options): torch.Tensor" [[
Memory of another tensor's sizes, dtype and device, not initialised.
> torch.empty_like(torch.zeros(2, 3), { dtype = "bool" }).shape
]]

op "full_like(input: torch.Tensor, value: number, options?: torch.Options): torch.Tensor" [[
One value everywhere, in another tensor's sizes, dtype and device.
> torch.full_like(torch.zeros(2), 7, { dtype = "int64" })
]]

section "Tensors: random"

fn "torch.rand(...: integer|integer[]|torch.Options): torch.Tensor" [[
Uniform in [0, 1).
> torch.rand(2, 3, { dtype = "float64" })
]]

fn "torch.randn(...: integer|integer[]|torch.Options): torch.Tensor" [[
Normal with mean 0 and deviation 1.
> torch.randn(2, 3, { requires_grad = true })
]]

fn "torch.randint(low: integer, high: integer, ...: integer|integer[]|torch.Options): torch.Tensor" [[
Whole numbers from `low` to `high` - 1, int64, of the sizes given.
> torch.randint(0, 10, 2, 3, { dtype = "int32" })
]]

fn "torch.randperm(n: integer, options?: torch.Options): torch.Tensor" [[
1 to n in random order, ready to index with.
> torch.randperm(5, { device = "cpu" })
]]

fn "torch.manual_seed(seed: integer)" [[
Seeds the generators of the CPU and of every CUDA device.
> torch.manual_seed(1)
]]

op "rand_like(input: torch.Tensor, options?: torch.Options): torch.Tensor" [[
Uniform in [0, 1), of another tensor's sizes, dtype and device.
> torch.rand_like(torch.zeros(2), { dtype = "float64" })
]]

op "randn_like(input: torch.Tensor, options?: torch.Options): torch.Tensor" [[
Normal with mean 0 and deviation 1, of another tensor's sizes, dtype and device.
> torch.randn_like(torch.zeros(2), { dtype = "float64" })
]]

op "bernoulli(probabilities: torch.Tensor): torch.Tensor" [[
1 with the probability each element says, else 0.
> torch.bernoulli(torch.full({ 4 }, 0.5))
]]

options "torch.MultinomialOptions" [[
- replacement?: boolean = false -- draw the same position more than once
]]

op "multinomial(weights: torch.Tensor, count: integer, options?: torch.MultinomialOptions): torch.Tensor" [[
Positions drawn along the last dimension with probabilities in proportion to `weights`, int64.
> torch.multinomial(torch.tensor { 1.0, 2.0, 3.0 }, 2, { replacement = true })
]]

method "torch.Tensor:bernoulli_(p?: number = 0.5): torch.Tensor" [[
Every element becomes 1 with probability `p`, else 0.
> torch.zeros(4):bernoulli_(0.3)
]]

method "torch.Tensor:normal_(mean?: number = 0, std?: number = 1): torch.Tensor" [[
Every element is drawn from a normal distribution.
> torch.empty(4):normal_(0, 0.02)
]]

method "torch.Tensor:uniform_(from?: number = 0, to?: number = 1): torch.Tensor" [[
Every element is drawn uniformly from [from, to).
> torch.empty(4):uniform_(-0.5, 0.5)
]]
