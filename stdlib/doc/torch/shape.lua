section "Tensors: shape"

op "reshape(input: torch.Tensor, ...shape: integer|integer[]): torch.Tensor" [[
The same elements in another shape. One size can be -1 and is then computed from the others.
> torch.arange(6):reshape(2, -1)
]]

method "torch.Tensor:view(...shape: integer|integer[]): torch.Tensor" [[
Like `reshape`, but never copies. Raises an error if the memory layout does not allow it.
~ torch.Tensor:view(dtype: torch.dtype): torch.Tensor
> torch.arange(6):view(2, 3)
]]

op "transpose(input: torch.Tensor, dim0: integer, dim1: integer): torch.Tensor" [[
Swaps two dimensions: [.., a, .., b, ..] to [.., b, .., a, ..].
> torch.transpose(torch.ones(2, 3), 1, 2).shape
]]

op "t(input: torch.Tensor): torch.Tensor" [[
The transpose of a matrix, [n, m] to [m, n].
> torch.ones(2, 3):t().shape
]]

op "permute(input: torch.Tensor, ...dims: integer|integer[]): torch.Tensor" [[
Permutes the dimensions; all of them are listed.
> torch.permute(torch.ones(2, 3, 4), 3, 1, 2).shape
]]

op "squeeze(input: torch.Tensor, dim?: integer|integer[]): torch.Tensor" [[
Removes all dimensions of size 1, or dimension `dim` if its size is 1.
> torch.squeeze(torch.ones(2, 1, 3)).shape
]]

op "unsqueeze(input: torch.Tensor, dim: integer): torch.Tensor" [[
Inserts a dimension of size 1, which becomes number `dim`: [n] to [1, n] for dim 1.
> torch.unsqueeze(torch.ones(3), 1).shape
]]

method "torch.Tensor:expand(...size: integer|integer[]): torch.Tensor" [[
Expands dimensions of size 1 to a larger size without a copy; -1 keeps a size.
> torch.ones(1, 3):expand(4, -1).shape
]]

op "tile(input: torch.Tensor, ...dims: integer|integer[]): torch.Tensor" [[
Repeats the tensor along each dimension: [a, b] and (2, 3) to [2 a, 3 b]. (PyTorch's `repeat`, which is a word of Lua, is this
with a number for every dimension.)
> torch.tile(torch.arange(2), 3)
]]

op "repeat_interleave(input: torch.Tensor, repeats: torch.Number|integer[], dim?: integer, *, output_size?: integer): torch.Tensor" [[
Each element `repeats` times, in the flattened tensor or along a dimension: [a, b] to [b, b, ...]. With only `repeats`: the
index from 1 of each element as often as its number says.
~ repeat_interleave(repeats: torch.Tensor, *, output_size?: integer): torch.Tensor
- repeats -- one number, or one for each element of the dimension
- output_size -- the size of the result, which spares counting it
> torch.repeat_interleave(torch.arange(3), 2)
]]

op "roll(input: torch.Tensor, shifts: integer|integer[], dims?: integer|integer[]): torch.Tensor" [[
Moves elements by `shifts` along dimensions, or in the flattened tensor; those that leave at the end enter at the start.
Same shape.
> torch.roll(torch.arange(4), 1)
]]

op "flatten(input: torch.Tensor, start_dim?: integer = 1, end_dim?: integer = -1): torch.Tensor" [[
Joins the dimensions from `first` to `last` into one.
> torch.flatten(torch.ones(2, 3, 4), 2).shape
]]

op "flip(input: torch.Tensor, ...dims: integer|integer[]): torch.Tensor" [[
Reverses the order along the listed dimensions. Same shape.
> torch.flip(torch.arange(3), 1)
]]

op "split(input: torch.Tensor, split_size: integer, dim?: integer = 1): torch.Tensor[]" [[
Splits along a dimension into parts of one size (the last one can be smaller), or of the listed sizes.
~ split(input: torch.Tensor, split_size: integer|integer[], dim?: integer = 1): torch.Tensor[]
> #torch.split(torch.arange(5), 2)
]]

op "chunk(input: torch.Tensor, chunks: integer, dim?: integer = 1): torch.Tensor[]" [[
Splits along a dimension into at most `count` parts of equal size (the last one can be smaller).
> #torch.chunk(torch.arange(6), 3)
]]

op "unbind(input: torch.Tensor, dim?: integer = 1): torch.Tensor[]" [[
The slices along a dimension, which is removed: [n, m] to n tensors [m] for dim 1.
> #torch.unbind(torch.ones(3, 2))
]]

op "tril(input: torch.Tensor, diagonal?: integer = 0): torch.Tensor" [[
The lower triangle of matrices [..., n, m]; elements above the diagonal become 0.
> torch.tril(torch.ones(3, 3))
]]

op "triu(input: torch.Tensor, diagonal?: integer = 0): torch.Tensor" [[
The upper triangle of matrices [..., n, m]; elements below the diagonal become 0.
> torch.triu(torch.ones(3, 3))
]]

op "diag(input: torch.Tensor, diagonal?: integer = 0): torch.Tensor" [[
The diagonal of a matrix, [n, m] to [k], or a matrix with a vector on its diagonal, [n] to [n, n].
- diagonal -- 0 for the main one, above it positive, below it negative
> torch.diag(torch.arange(3))
]]

op "diagonal(input: torch.Tensor, offset?: integer = 0, dim1?: integer = 1, dim2?: integer = 2): torch.Tensor" [[
The diagonals of matrices in two dimensions, as a view; they become the last dimension.
> torch.diagonal(torch.ones(2, 3, 3), { dim1 = 2, dim2 = 3 }).shape
]]

op "trace(input: torch.Tensor): torch.Tensor" [[
The sum of the diagonal of a matrix, [].
> torch.trace(torch.eye(3))
]]

op "rearrange(input: torch.Tensor, pattern: string, sizes?: table<string, integer>): torch.Tensor" [[
Reshapes and permutes by a pattern in the notation of einops (Rogozhnikov 2022): a name for each dimension on the left, the
same names on the right; brackets join dimensions or take them apart, `1` is a dimension of size 1, `...` any dimensions.
- sizes -- sizes of names that a bracket on the left does not determine
> torch.rearrange(torch.ones(2, 6, 4), "b (h d) n -> b h n d", { h = 3 }).shape
]]

fn 'torch.meshgrid(...tensors: torch.Tensor|torch.Tensor[], *, indexing?: "ij"|"xy" = "ij"): torch.Tensor[]' [[
The coordinates of a grid: k vectors to k tensors with one dimension for each vector.
- indexing -- "xy": the first two dimensions are exchanged
> #torch.meshgrid(torch.arange(2), torch.arange(3))
]]

fn "torch.cat(tensors: torch.Tensor[], dim?: integer = 1): torch.Tensor" [[
Concatenates tensors along an existing dimension: [a, d] and [b, d] to [a + b, d] for dim 1.
> torch.cat({ torch.ones(2, 3), torch.zeros(1, 3) }, 1).shape
]]

fn "torch.stack(tensors: torch.Tensor[], dim?: integer = 1): torch.Tensor" [[
Stacks k tensors of one shape along a new dimension: [d] to [k, d] for dim 1.
> torch.stack({ torch.ones(3), torch.zeros(3) }).shape
]]

method "torch.Tensor:contiguous(): torch.Tensor" [[
The same tensor in contiguous (row-major) memory.
> torch.ones(2, 3):t():contiguous().shape
]]

method "torch.Tensor:size(dim?: integer): integer[]|integer" [[
The shape as a list, or the size of one dimension.
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

section "Tensors: indexing"

op "select(input: torch.Tensor, dim: integer, index: integer): torch.Tensor" [[
One slice along a dimension, which is removed.
> torch.select(torch.eye(3), 1, -1)
]]

op "narrow(input: torch.Tensor, dim: integer, start: torch.Number, length: integer): torch.Tensor" [[
`length` slices along a dimension from index `start`, as a view.
> torch.narrow(torch.arange(5), 1, 2, 3)
]]

op "index_select(input: torch.Tensor, dim: integer, index: torch.Data): torch.Tensor" [[
The slices at the indices [k] of a dimension, whose size becomes k.
> torch.index_select(torch.eye(3), 1, { 3, 1 })
]]

op "gather(input: torch.Tensor, dim: integer, index: torch.Data): torch.Tensor" [[
Gathers elements by their index along a dimension. `index` has as many dimensions as `input`; the result has the shape
of `index`.
> torch.gather(torch.arange(6):reshape(2, 3), 2, { { 3 }, { 1 } })
]]

op "take_along_dim(input: torch.Tensor, indices: torch.Data, dim?: integer): torch.Tensor" [[
Like `gather`, with broadcasting; without `dim` the indices are those of the flattened tensor.
Negative indices count from the end.
> torch.take_along_dim(torch.randn(2, 3), torch.tensor { { 3 }, { 1 } }, 2)
]]

op "masked_select(input: torch.Tensor, mask: torch.Tensor): torch.Tensor" [[
The elements where the mask (bool, broadcast) is true, [n].
> torch.masked_select(torch.arange(3), torch.tensor { true, false, true })
]]

op "index_add(input: torch.Tensor, dim: integer, index: torch.Data, source: torch.Tensor, *, alpha?: number): torch.Tensor" [[
Adds slices of `source` to the slices of `input` at the indices `index` [k] of a dimension, which has size k in `source`.
Same shape as `input`.
> torch.index_add(torch.zeros(3, 2), 1, { 1, 1 }, torch.ones(2, 2))
]]

op 'scatter(input: torch.Tensor, dim: integer, index: torch.Data, src: torch.Number, *, reduce?: "add"|"multiply"): torch.Tensor' [[
Writes `source` at the indices `index` along a dimension. `index` and `source` have the same shape, or `source` is a
number. Same shape as `input`.
~ scatter(input: torch.Tensor, dim: integer, index: torch.Data, value: number, *, reduce?: "add"|"multiply"): torch.Tensor
> torch.scatter(torch.zeros(2, 3), 2, { { 1 }, { 3 } }, 1)
]]

op "scatter_add(input: torch.Tensor, dim: integer, index: torch.Data, src: torch.Number): torch.Tensor" [[
Adds `source` at the indices `index` along a dimension. `index` and `source` have the same shape, or `source` is a
number. Same shape as `input`.
> torch.scatter_add(torch.zeros(2, 3), 2, { { 1 }, { 3 } }, torch.ones(2, 1))
]]

method "torch.Tensor:index_add_(dim: integer, index: torch.Data, source: torch.Tensor, *, alpha?: number): torch.Tensor" [[
In-place version of `index_add`.
> torch.zeros(3, 2):index_add_(1, { 1 }, torch.ones(1, 2))
]]

method 'torch.Tensor:scatter_(dim: integer, index: torch.Data, src: torch.Number, *, reduce?: "add"|"multiply"): torch.Tensor' [[
In-place version of `scatter`.
~ torch.Tensor:scatter_(dim: integer, index: torch.Data, value: number, *, reduce?: "add"|"multiply"): torch.Tensor
> torch.zeros(2, 3):scatter_(2, { { 1 }, { 3 } }, 1)
]]

method "torch.Tensor:scatter_add_(dim: integer, index: torch.Data, src: torch.Number): torch.Tensor" [[
In-place version of `scatter_add`.
> torch.zeros(2, 3):scatter_add_(2, { { 1 }, { 3 } }, torch.ones(2, 1))
]]

op "nonzero(input: torch.Tensor, *, as_tuple?: boolean = false): torch.Tensor" [[
The indices of elements that are not 0, one row each, [n, ndim], int64, from 1.
> torch.nonzero(torch.eye(2))
]]

op "argwhere(input: torch.Tensor): torch.Tensor" [[
The indices from 1 of the elements that are not 0, [n, dimensions].
> torch.argwhere(torch.eye(2))
]]

op "unique(input: torch.Tensor, sorted?: boolean = true, return_inverse?: boolean = false, return_counts?: boolean = false, dim?: integer): torch.Tensor, torch.Tensor?, torch.Tensor?" [[
The distinct elements, or the distinct slices along a dimension.
- return_inverse -- return the position from 1 of each element among the distinct ones, too
- return_counts -- return how often each one occurs, too
> torch.unique(torch.tensor { 3, 1, 3 }, { return_counts = true })
]]

op "topk(input: torch.Tensor, k: integer, dim?: integer = -1, largest?: boolean = true, sorted?: boolean = true): torch.Tensor, torch.Tensor" [[
The k largest elements along a dimension, and their indices from 1. The dimension has size k in both.
- largest -- true: largest elements; false: smallest
- sorted -- sort the result
> torch.topk(torch.randn(5), 2, -1, { largest = false, sorted = true })
]]

op "sort(input: torch.Tensor, dim?: integer = -1, descending?: boolean = false, stable?: boolean = true): torch.Tensor, torch.Tensor" [[
Sorts along a dimension (stable). Returns the sorted elements and their indices in `input` from 1, in the shape of
`input`.
- descending -- sort from the largest to the smallest
> torch.sort(torch.randn(5), -1, { descending = true })
]]

op "argsort(input: torch.Tensor, dim?: integer = -1, descending?: boolean = false, stable?: boolean = true): torch.Tensor" [[
The indices that sort a dimension, from 1, in the shape of `input`.
- descending -- sort from the largest to the smallest
> torch.argsort(torch.randn(5), -1, { descending = true })
]]

section "Tensors: gradients"

method "torch.Tensor:backward(gradient?: torch.Tensor, retain_graph?: boolean = false)" [[
Computes gradients and adds them to `grad` of every leaf that the tensor depends on. Raises an error if the tensor has
no graph, or more than one element and no `gradient`.
- gradient -- gradient of the tensor, of the same shape; required unless the tensor has one element
- retain_graph -- keep the graph for another call of `backward`
> (torch.ones(2, { requires_grad = true }) * 3):backward { gradient = torch.ones(2), retain_graph = false }
]]

fn "torch.grad(output: torch.Tensor, inputs: torch.Tensor[], *, gradient?: torch.Tensor, retain_graph?: boolean, create_graph?: boolean = false): table" [[
The gradients of an output with respect to each input, in the shapes of the inputs; `false` for an input that the output
does not depend on. `grad` is not changed. Raises an error if the output has no graph, or more than one element and no
`gradient`.
- gradient -- gradient of the output, of the same shape; required unless the output has one element
- retain_graph -- keep the graph; default: the value of `create_graph`
- create_graph -- record gradients of the gradients
> x = torch.ones(2, { requires_grad = true })
> torch.grad((x * x):sum(), { x }, { create_graph = true, retain_graph = true })[1]
]]

fn "torch.no_grad(f: function, ...: any): ..." [[
Calls `f(...)` without recording gradients, and returns its results.
> torch.no_grad(function() return torch.ones(2) end)
]]

method "torch.Tensor:requires_grad_(requires_grad?: boolean = true): torch.Tensor" [[
Enables or disables gradients for this tensor. Raises an error for dtypes other than floating point.
> torch.ones(2):requires_grad_().requires_grad
]]

method "torch.Tensor:zero_grad()" [[
Sets `grad` to nil.
> torch.ones(2):zero_grad()
]]

op "detach(input: torch.Tensor): torch.Tensor" [[
The same elements without the gradient graph. Same shape, shared memory.
> torch.detach(torch.ones(2))
]]

op "clone(input: torch.Tensor): torch.Tensor" [[
A copy of the same shape; gradients flow through it.
> torch.clone(torch.ones(2))
]]

section "Tensors: conversion and files"

method "torch.Tensor:to(other?: torch.dtype|torch.device|torch.Tensor, *, dtype?: torch.dtype, device?: torch.device, copy?: boolean = false): torch.Tensor" [[
Converts to another dtype, another device, or both. Same shape.
- dtype -- dtype
- device -- device
> torch.ones(2):to "bf16"
> torch.ones(2):to { dtype = "int64", device = "cpu" }
]]

for _, entry in ipairs {
  { "float", "float32" }, { "double", "float64" }, { "bfloat16", "bfloat16" }, { "half", "float16" },
  { "long", "int64" }, { "bool", "bool" },
} do
  local name, dtype = table.unpack(entry)
  method("torch.Tensor:" .. name .. "(): torch.Tensor")("Converts to " .. dtype .. ". Same shape.\n> torch.ones(2):" .. name .. "()")
end

method "torch.Tensor:cpu(): torch.Tensor" [[
Moves the tensor to the CPU.
> torch.ones(2):cpu().device
]]

method "torch.Tensor:cuda(): torch.Tensor" [[
Moves the tensor to the first CUDA device. Raises an error if there is none.
]]

method "torch.Tensor:item(): number|boolean" [[
The value of a tensor with one element, as a number or boolean. Raises an error if it has more.
> torch.ones(1):item()
]]

method "torch.Tensor:tolist(): any" [[
The elements as a nested table.
> torch.eye(2):tolist()
]]

fn "torch.save(path: compt.path, tensors: table<string, torch.Tensor>)" [[
Writes named tensors to a safetensors file, atomically. Raises an error if the file cannot be written.
> file = os.tmpname()
> torch.save(file, { x = torch.ones(2) })
]]

fn "torch.load(path: compt.path, *, device?: torch.device): table<string, torch.Tensor>" [[
Reads the named tensors of a safetensors file. Raises an error if the file is missing or damaged.
- device -- device of the tensors; default: the CPU
> torch.load(file, { device = "cpu" }).x
]]

section "Tensors: memory"

fn "torch.scope(f: function): ..." [[
Calls `f`, returns its results, and frees every other tensor that was created inside. Tensors in returned tables are
kept.
> torch.scope(function() return torch.ones(2) + 1 end)
]]

method "torch.Tensor:destroy()" [[
Frees the memory now. Using the tensor afterwards is an error. `local t <close> = ...` frees it at the end of its block.
> torch.ones(2):destroy()
]]

class "torch.Stats" [[
Memory of the tensors that Lua holds.
- live_tensors: integer -- number of tensors
- live_bytes: integer -- bytes of their storages
- peak_bytes: integer -- maximum of `live_bytes`
- soft_max: integer -- number of live bytes at which Lua's garbage is collected
- collections: integer -- number of such collections
]]

fn "torch.stats(): torch.Stats" [[
The memory of all tensors that Lua holds.
> torch.stats().live_bytes
]]

fn "torch.use_deterministic_algorithms(mode?: boolean = true)" [[
Makes operators use deterministic algorithms (default `true`; off at the start); an operator without one raises an error.
It matters on CUDA, where gradients of gathered rows are else summed in any order. Recorded in `environment.json`.
> torch.use_deterministic_algorithms(false)
]]

fn "torch.are_deterministic_algorithms_enabled(): boolean" [[
Whether operators use deterministic algorithms.
> torch.are_deterministic_algorithms_enabled()
]]

fn 'torch.set_float32_matmul_precision(precision: "highest"|"high")' [[
How CUDA multiplies float32 matrices: "highest" (the default) in float32, "high" in TF32, with 10 bits of mantissa, which
is faster from compute capability 8.0. Recorded in `environment.json`. Raises an error if the precision is another one.
> torch.set_float32_matmul_precision "highest"
]]

fn "torch.get_float32_matmul_precision(): string" [[
The precision of float32 matrix products on CUDA, "highest" or "high".
> torch.get_float32_matmul_precision()
]]

fn "torch.set_soft_max(bytes: integer)" [[
Sets the number of live bytes at which Lua's garbage is collected (initially 300,000,000). It is multiplied by 1.4 if
more than 80% remain after a collection. Resets `peak_bytes`. Raises an error if `bytes` is less than 1.
> torch.set_soft_max(300000000)
]]
