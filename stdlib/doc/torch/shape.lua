section "Tensors: shape"

op "reshape(input: torch.Tensor, ...: integer|integer[]): torch.Tensor" [[
The same elements in other sizes; -1 is inferred.
> torch.arange(6):reshape(2, -1)
]]

method "torch.Tensor:view(...: integer|integer[]): torch.Tensor" [[
As `reshape`, without ever copying.
> torch.arange(6):view(2, 3)
]]

op "transpose(input: torch.Tensor, dim1: integer, dim2: integer): torch.Tensor" [[
Two dimensions in each other's place.
> torch.transpose(torch.ones(2, 3), 1, 2).shape
]]

op "t(input: torch.Tensor): torch.Tensor" [[
A matrix transposed.
> torch.ones(2, 3):t().shape
]]

op "permute(input: torch.Tensor, ...: integer|integer[]): torch.Tensor" [[
The dimensions in another order.
> torch.permute(torch.ones(2, 3, 4), 3, 1, 2).shape
]]

op "squeeze(input: torch.Tensor, dim?: integer): torch.Tensor" [[
Without the dimensions of size 1, or without one of them.
> torch.squeeze(torch.ones(2, 1, 3)).shape
]]

op "unsqueeze(input: torch.Tensor, dim: integer): torch.Tensor" [[
One dimension of size 1 more, which is number `dim` afterwards.
> torch.unsqueeze(torch.ones(3), 1).shape
]]

method "torch.Tensor:expand(...: integer|integer[]): torch.Tensor" [[
Dimensions of size 1 seen as larger, without a copy; -1 keeps a size.
> torch.ones(1, 3):expand(4, -1).shape
]]

op "tile(input: torch.Tensor, ...: integer|integer[]): torch.Tensor" [[
The tensor repeated along its dimensions.
> torch.tile(torch.arange(2), 3)
]]

op "flatten(input: torch.Tensor, first?: integer = 1, last?: integer = -1): torch.Tensor" [[
The dimensions from `first` to `last` as one.
> torch.flatten(torch.ones(2, 3, 4), 2).shape
]]

op "flip(input: torch.Tensor, ...: integer|integer[]): torch.Tensor" [[
The order along some dimensions turned round.
> torch.flip(torch.arange(3), 1)
]]

op "split(input: torch.Tensor, sizes: integer|integer[], dim?: integer = 1): torch.Tensor[]" [[
Parts of one size (the last may be smaller), or of the sizes listed.
> #torch.split(torch.arange(5), 2)
]]

op "chunk(input: torch.Tensor, count: integer, dim?: integer = 1): torch.Tensor[]" [[
At most `count` parts of like size.
> #torch.chunk(torch.arange(6), 3)
]]

op "unbind(input: torch.Tensor, dim?: integer = 1): torch.Tensor[]" [[
The slices along a dimension, without it.
> #torch.unbind(torch.ones(3, 2))
]]

op "tril(input: torch.Tensor, diagonal?: integer = 0): torch.Tensor" [[
The lower triangle; 0 above the diagonal.
> torch.tril(torch.ones(3, 3))
]]

op "triu(input: torch.Tensor, diagonal?: integer = 0): torch.Tensor" [[
The upper triangle; 0 below the diagonal.
> torch.triu(torch.ones(3, 3))
]]

fn "torch.cat(tensors: torch.Tensor[], dim?: integer = 1): torch.Tensor" [[
Tensors joined along a dimension they have.
> torch.cat({ torch.ones(2, 3), torch.zeros(1, 3) }, 1).shape
]]

fn "torch.stack(tensors: torch.Tensor[], dim?: integer = 1): torch.Tensor" [[
Tensors of one shape joined along a new dimension.
> torch.stack({ torch.ones(3), torch.zeros(3) }).shape
]]

method "torch.Tensor:contiguous(): torch.Tensor" [[
The same elements in row-major memory.
> torch.ones(2, 3):t():contiguous().shape
]]

method "torch.Tensor:size(dim?: integer): integer[]|integer" [[
The sizes, or that of one dimension.
> torch.ones(2, 3):size(-1)
]]

method "torch.Tensor:numel(): integer" [[
The number of elements.
> torch.ones(2, 3):numel()
]]

method "torch.Tensor:dim(): integer" [[
The number of dimensions.
> torch.ones(2, 3):dim()
]]

section "Tensors: parts"

op "select(input: torch.Tensor, dim: integer, index: integer): torch.Tensor" [[
One slice along a dimension, without it.
> torch.select(torch.eye(3), 1, -1)
]]

op "narrow(input: torch.Tensor, dim: integer, start: integer, length: integer): torch.Tensor" [[
`length` slices along a dimension, from `start` on; a view.
> torch.narrow(torch.arange(5), 1, 2, 3)
]]

op "index_select(input: torch.Tensor, dim: integer, index: torch.Data): torch.Tensor" [[
Slices along a dimension by their positions [k].
> torch.index_select(torch.eye(3), 1, { 3, 1 })
]]

op "gather(input: torch.Tensor, dim: integer, index: torch.Data): torch.Tensor" [[
Elements by their positions along a dimension; `index` has as many dimensions as `input`.
> torch.gather(torch.arange(6):reshape(2, 3), 2, { { 3 }, { 1 } })
]]

op "masked_select(input: torch.Tensor, mask: torch.Tensor): torch.Tensor" [[
The elements where the mask (bool) holds, in one dimension.
> torch.masked_select(torch.arange(3), torch.tensor { true, false, true })
]]

op "index_add(input: torch.Tensor, dim: integer, index: torch.Data, source: torch.Tensor): torch.Tensor" [[
Slices of `source` added to those of `input` at the positions of `index`.
> torch.index_add(torch.zeros(3, 2), 1, { 1, 1 }, torch.ones(2, 2))
]]

op "scatter(input: torch.Tensor, dim: integer, index: torch.Data, source: torch.Number): torch.Tensor" [[
`source` written at positions along a dimension.
> torch.scatter(torch.zeros(2, 3), 2, { { 1 }, { 3 } }, 1)
]]

op "scatter_add(input: torch.Tensor, dim: integer, index: torch.Data, source: torch.Number): torch.Tensor" [[
`source` added at positions along a dimension.
> torch.scatter_add(torch.zeros(2, 3), 2, { { 1 }, { 3 } }, torch.ones(2, 1))
]]

method "torch.Tensor:index_add_(dim: integer, index: torch.Data, source: torch.Tensor): torch.Tensor" [[
`index_add` written into the tensor itself.
> torch.zeros(3, 2):index_add_(1, { 1 }, torch.ones(1, 2))
]]

method "torch.Tensor:scatter_(dim: integer, index: torch.Data, source: torch.Number): torch.Tensor" [[
`scatter` written into the tensor itself.
> torch.zeros(2, 3):scatter_(2, { { 1 }, { 3 } }, 1)
]]

method "torch.Tensor:scatter_add_(dim: integer, index: torch.Data, source: torch.Number): torch.Tensor" [[
`scatter_add` written into the tensor itself.
> torch.zeros(2, 3):scatter_add_(2, { { 1 }, { 3 } }, torch.ones(2, 1))
]]

op "nonzero(input: torch.Tensor): torch.Tensor" [[
The positions of the elements that are not 0, one row each, [n, dimensions].
> torch.nonzero(torch.eye(2))
]]

options "torch.TopkOptions" [[
- largest?: boolean = true -- false: the smallest
- sorted?: boolean = true -- in order
]]

op "topk(input: torch.Tensor, k: integer, dim?: integer|torch.TopkOptions = -1, options?: torch.TopkOptions): torch.Tensor, torch.Tensor" [[
The k largest elements along a dimension and their positions.
> torch.topk(torch.randn(5), 2, -1, { largest = false, sorted = true })
]]

options "torch.SortOptions" [[
- descending?: boolean = false -- the largest first
]]

op "sort(input: torch.Tensor, dim?: integer|torch.SortOptions = -1, options?: torch.SortOptions): torch.Tensor, torch.Tensor" [[
The elements in order along a dimension and where they were; equal ones keep their order.
> torch.sort(torch.randn(5), -1, { descending = true })
]]

op "argsort(input: torch.Tensor, dim?: integer|torch.SortOptions = -1, options?: torch.SortOptions): torch.Tensor" [[
The positions that would sort a dimension.
> torch.argsort(torch.randn(5), -1, { descending = true })
]]

section "Tensors: gradients"

options "torch.BackwardOptions" [[
- gradient?: torch.Tensor -- weights of the elements, of the tensor's shape; needed unless it has one element
- retain_graph?: boolean = false -- keep the graph for another `backward`
]]

method "torch.Tensor:backward(options?: torch.BackwardOptions)" [[
Adds to `grad` of every leaf the tensor depends on.
> (torch.ones(2, { requires_grad = true }) * 3):backward { gradient = torch.ones(2), retain_graph = false }
]]

options "torch.GradOptions" [[
- gradient?: torch.Tensor -- weights of the elements, of the output's shape; needed unless it has one element
- retain_graph?: boolean -- keep the graph; by default what `create_graph` says
- create_graph?: boolean = false -- record gradients of the gradients
]]

fn "torch.grad(output: torch.Tensor, inputs: torch.Tensor[], options?: torch.GradOptions): table" [[
The gradients of an output with respect to each input, `false` where it does not depend on one. Leaves
`grad` alone.
> x = torch.ones(2, { requires_grad = true })
> torch.grad((x * x):sum(), { x }, { create_graph = true, retain_graph = true })[1]
]]

fn "torch.no_grad(f: function, ...: any): ..." [[
Calls `f(...)` without recording gradients and returns its results.
> torch.no_grad(function() return torch.ones(2) end)
]]

method "torch.Tensor:requires_grad_(on?: boolean = true): torch.Tensor" [[
Turns the recording of gradients on or off.
> torch.ones(2):requires_grad_().requires_grad
]]

method "torch.Tensor:zero_grad()" [[
Forgets `grad`.
> torch.ones(2):zero_grad()
]]

op "detach(input: torch.Tensor): torch.Tensor" [[
The same elements without their gradients' history.
> torch.detach(torch.ones(2))
]]

op "clone(input: torch.Tensor): torch.Tensor" [[
A copy; gradients flow through it.
> torch.clone(torch.ones(2))
]]

section "Tensors: conversion and files"

options "torch.ToOptions" [[
- dtype?: torch.dtype -- of the elements
- device?: torch.device -- where it lives
]]

method "torch.Tensor:to(what: torch.dtype|torch.device|torch.ToOptions): torch.Tensor" [[
Another dtype, another device, or both.
> torch.ones(2):to "bf16"
> torch.ones(2):to { dtype = "int64", device = "cpu" }
]]

for _, entry in ipairs {
  { "float", "float32" }, { "double", "float64" }, { "bfloat16", "bfloat16" }, { "half", "float16" },
  { "long", "int64" }, { "bool", "bool" },
} do
  local name, dtype = table.unpack(entry)
  method("torch.Tensor:" .. name .. "(): torch.Tensor")("As " .. dtype .. ".\n> torch.ones(2):" .. name .. "()")
end

method "torch.Tensor:cpu(): torch.Tensor" [[
On the CPU.
> torch.ones(2):cpu().device
]]

method "torch.Tensor:cuda(): torch.Tensor" [[
On the first CUDA device.
]]

method "torch.Tensor:item(): number|boolean" [[
The one element, as a number or boolean.
> torch.ones(1):item()
]]

method "torch.Tensor:tolist(): table|number|boolean" [[
The elements as a nested table.
> torch.eye(2):tolist()
]]

fn "torch.save(file: compt.path, tensors: table<string, torch.Tensor>)" [[
Writes named tensors as a safetensors file, whole or not at all.
> file = os.tmpname()
> torch.save(file, { x = torch.ones(2) })
]]

options "torch.LoadOptions" [[
- device?: torch.device = "cpu" -- where the tensors will live
]]

fn "torch.load(file: compt.path, options?: torch.LoadOptions): table<string, torch.Tensor>" [[
The named tensors of a safetensors file.
> torch.load(file, { device = "cpu" }).x
]]

section "Tensors: memory"

fn "torch.scope(f: function): ..." [[
Calls `f` and frees every tensor made inside except those it returns, also inside returned tables.
> torch.scope(function() return torch.ones(2) + 1 end)
]]

method "torch.Tensor:destroy()" [[
Frees the memory now; using the tensor afterwards is an error. `local t <close> = ...` does so at the
end of its block.
> torch.ones(2):destroy()
]]

class "torch.Stats" [[
- live_tensors: integer -- tensors that Lua holds
- live_bytes: integer -- their memory, each storage once
- peak_bytes: integer -- the most there was
- soft_max: integer -- past so many bytes garbage is collected
- collections: integer -- how often that happened
]]

fn "torch.stats(): torch.Stats" [[
What the tensors of Lua take.
> torch.stats().live_bytes
]]

fn "torch.set_soft_max(bytes: integer)" [[
Past so many live bytes Lua's garbage is collected; it grows by 1.4 where over 80% remains. Starts
`peak_bytes` anew. The start value is 300,000,000.
> torch.set_soft_max(300000000)
]]
