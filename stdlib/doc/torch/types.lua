section "Tensors"

class "torch" [[
Tensors with PyTorch's names: `local torch = require "compt.torch"`. It is a global variable at the prompt and in
`compt -e`.

Every argument can be given by its name, in a table at the end: `x:sum(1, true)`, `x:sum(1, { keepdim = true })` and
`x:sum { dim = 1, keepdim = true }` are the same. Arguments after `*` are given by name only. An unknown name is an error
that names the nearest one. Functions that create a tensor have the arguments `dtype`, `device` (default: that of the other
tensor; in `build`, `give`, `compose` and `loss` of a method that of the backbone; else the CPU) and `requires_grad`.

Every function raises an error if an argument has the wrong type, shapes, dtypes or devices do not match, a dimension or
index is out of range, or a tensor has been freed. Below, `[a, b]` is a shape and `[...]` stands for any
dimensions. Binary operations broadcast as in PyTorch.
- linalg: torch.linalg -- linear algebra
]]

class "torch.Tensor" [[
A tensor of libtorch. Every function of `torch` whose first argument is a tensor is also a method:
`torch.softmax(t, -1)` is `t:softmax(-1)`. A method that ends in `_` changes its tensor in place and returns it.

Dimensions and indices count from 1, and negative ones from the end. Token ids and class ids count from 0. `t[2]` is
row 2. `t[{ { 1, 3 }, 2, {} }]` indexes each dimension: a range with both ends included, an index, all elements.
`t[mask]` and `t[indices]` select rows. An assignment to such an index writes into the tensor.

- shape: integer[] -- size of each dimension
- ndim: integer -- number of dimensions
- dtype: string -- "float32", "bfloat16", "int64" ...
- device: string -- "cpu", "cuda:0"
- requires_grad: boolean -- whether gradients are recorded; can be set
- grad: torch.Tensor? -- gradient accumulated by `backward`, with the shape of the tensor; nil before. It can be set to nil
- is_leaf: boolean -- whether the tensor was created directly, not by an operation that records gradients
- [integer|table|torch.Tensor]: torch.Tensor -- an element or slice of the tensor
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
A tensor, or a value that is converted to one: a number, a boolean, or a nested table of numbers or booleans.
]]

alias "torch.dtype" [[
The dtype of a tensor, by PyTorch's name or a short name.
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
The device of a tensor: "cpu", "cuda", "cuda:1". "auto" is CUDA if it is available, else the CPU.
]]

section "Tensors: creation"

fn "torch.tensor(data: torch.Data, *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
Creates a tensor from a number or a nested table, or copies a tensor; the shape is that of the data. The default dtype
is int64 for whole numbers, float32 for other numbers, and bool for booleans. Raises an error if rows of a table differ
in length.
> torch.tensor({ { 1, 2 }, { 3, 4 } }, { dtype = "float32", device = "cpu", requires_grad = true })
]]

fn "torch.zeros(...size: integer|integer[], *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
A tensor of zeros. The shape is given as numbers or as one list; options come last.
> torch.zeros(2, 3, { dtype = "int64" })
]]

fn "torch.ones(...size: integer|integer[], *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
A tensor of ones. The shape is given as numbers or as one list; options come last.
> torch.ones(2, 3)
]]

fn "torch.empty(...size: integer|integer[], *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
An uninitialised tensor. The shape is given as numbers or as one list; options come last.
> torch.empty(2, 3, { dtype = "int64" }).shape
]]

fn "torch.full(size: integer|integer[], fill_value: number|boolean, *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
A tensor of shape `sizes`, filled with one value.
> torch.full({ 2, 3 }, 0.5, { requires_grad = true })
]]

fn "torch.arange(end: number, *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
Numbers from `start` up to but not including `stop`, [n]. With one number, from 0 up to but not including it. int64 if
all arguments are whole numbers. Raises an error if `stop` cannot be reached.
~ torch.arange(start: number, end: number, step?: number = 1, *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor
> torch.arange(5)
> torch.arange(1, 2, 0.25, { dtype = "float64" })
]]

fn "torch.linspace(start: torch.Number, end: torch.Number, steps: integer, *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
`steps` evenly spaced numbers including both ends, [steps].
> torch.linspace(0, 1, 5, { dtype = "float64" })
]]

fn "torch.eye(n: integer, m?: integer, *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
A matrix [n, m] with ones on the diagonal; `m` defaults to `n`.
> torch.eye(3, { dtype = "int64" })
]]

op "zeros_like(input: torch.Tensor, *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
Zeros with the shape, dtype and device of another tensor.
> torch.zeros_like(torch.ones(2, 3), { dtype = "int64" })
]]

op "ones_like(input: torch.Tensor, *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
Ones with the shape, dtype and device of another tensor.
> torch.ones_like(torch.zeros(2, 3), { dtype = "bool" })
]]

op "empty_like(input: torch.Tensor, *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
An uninitialised tensor with the shape, dtype and device of another tensor.
> torch.empty_like(torch.zeros(2, 3), { dtype = "bool" }).shape
]]

op "full_like(input: torch.Tensor, fill_value: number|boolean, *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
One value, with the shape, dtype and device of another tensor.
> torch.full_like(torch.zeros(2), 7, { dtype = "int64" })
]]

section "Tensors: random"

fn "torch.rand(...size: integer|integer[], *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
Uniform random numbers in [0, 1), of the given shape.
> torch.rand(2, 3, { dtype = "float64" })
]]

fn "torch.randn(...size: integer|integer[], *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
Normal random numbers with mean 0 and standard deviation 1, of the given shape.
> torch.randn(2, 3, { requires_grad = true })
]]

fn "torch.randint(high: integer, size: integer[], *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
Uniform random whole numbers from `low` to `high` - 1, int64, of the given shape.
~ torch.randint(low: integer, high: integer, ...size: integer|integer[], *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor
> torch.randint(0, 10, 2, 3, { dtype = "int32" })
]]

fn "torch.randperm(n: integer, *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
A random permutation of 1 to n, [n], int64. It can be used as an index.
> torch.randperm(5, { device = "cpu" })
]]

fn "torch.manual_seed(seed: integer)" [[
Sets the seed of the random generators of the CPU and of all CUDA devices.
> torch.manual_seed(1)
]]

op "rand_like(input: torch.Tensor, *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
Uniform random numbers in [0, 1), with the shape, dtype and device of another tensor.
> torch.rand_like(torch.zeros(2), { dtype = "float64" })
]]

op "randn_like(input: torch.Tensor, *, dtype?: torch.dtype, device?: torch.device, requires_grad?: boolean = false): torch.Tensor" [[
Normal random numbers with mean 0 and standard deviation 1, with the shape, dtype and device of another tensor.
> torch.randn_like(torch.zeros(2), { dtype = "float64" })
]]

op "bernoulli(input: torch.Tensor, p?: number): torch.Tensor" [[
Draws 0 or 1 for each element, where the element is the probability of 1. Same shape.
> torch.bernoulli(torch.full({ 4 }, 0.5))
]]

op "multinomial(input: torch.Tensor, num_samples: integer, replacement?: boolean = false): torch.Tensor" [[
Draws indices along the last dimension with probabilities proportional to `weights`: [n] to [count], [b, n] to
[b, count], int64, from 1. Raises an error if there are fewer elements than draws without replacement, or a weight is
negative.
- replacement -- allow an index to be drawn more than once
> torch.multinomial(torch.tensor { 1.0, 2.0, 3.0 }, 2, { replacement = true })
]]

method "torch.Tensor:bernoulli_(p?: torch.Number = 0.5): torch.Tensor" [[
Sets each element to 1 with probability `p`, else to 0.
> torch.zeros(4):bernoulli_(0.3)
]]

method "torch.Tensor:normal_(mean?: number = 0, std?: number = 1): torch.Tensor" [[
Fills the tensor with normal random numbers.
> torch.empty(4):normal_(0, 0.02)
]]

method "torch.Tensor:uniform_(from?: number = 0, to?: number = 1): torch.Tensor" [[
Fills the tensor with uniform random numbers in [from, to).
> torch.empty(4):uniform_(-0.5, 0.5)
]]
