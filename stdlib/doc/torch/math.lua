section "Tensors: elementwise operations"

local function unary(list)
  for _, entry in ipairs(list) do
    local name, text, example = table.unpack(entry)
    op(name .. "(input: torch.Tensor): torch.Tensor")(text .. " Same shape as the input.\n> torch." .. name .. "(" .. (example or "torch.randn(3)") .. ")")
  end
end

local function binary(list)
  for _, entry in ipairs(list) do
    local name, text, example = table.unpack(entry)
    op(name .. "(input: torch.Number, other: torch.Number): torch.Tensor")(
      text .. " Shapes broadcast.\n> torch." .. name .. "(" .. (example or "torch.ones(2, 3), torch.arange(3)") .. ")")
  end
end

binary {
  { "add", "Sum, `a + b`." },
  { "sub", "Difference, `a - b`." },
  { "mul", "Product, `a * b`." },
  { "div", "Quotient, `a / b`." },
  { "floor_divide", "Quotient rounded down, `a // b`." },
  { "remainder", "Remainder with the sign of the divisor, `a % b`.", "torch.arange(5), 3" },
  { "pow", "Power, `a ^ b`." },
  { "minimum", "The smaller of two elements." },
  { "maximum", "The larger of two elements." },
  { "eq", "Whether elements are equal, bool. (`==` compares the tensor objects.)" },
  { "ne", "Whether elements differ, bool." },
  { "lt", "Whether `input` is less than `other`, bool." },
  { "le", "Whether `input` is less than or equal to `other`, bool." },
  { "gt", "Whether `input` is greater than `other`, bool." },
  { "ge", "Whether `input` is greater than or equal to `other`, bool." },
  { "logical_and", "Logical and, bool." },
  { "logical_or", "Logical or, bool." },
}

unary {
  { "logical_not", "Logical not, bool: true for 0 and false." },
  { "neg", "The negative, `-a`." },
  { "abs", "The absolute value." },
  { "exp", "The exponential function." },
  { "log", "The natural logarithm.", "torch.ones(3)" },
  { "sqrt", "The square root.", "torch.ones(3)" },
  { "rsqrt", "1 / sqrt(x).", "torch.ones(3)" },
  { "sin", "The sine." },
  { "cos", "The cosine." },
  { "floor", "Rounds down." },
  { "ceil", "Rounds up." },
  { "round", "Rounds to the nearest whole number, halves to even." },
  { "sign", "The sign: -1, 0 or 1." },
  { "isnan", "Whether elements are NaN, bool." },
  { "isfinite", "Whether elements are neither infinite nor NaN, bool." },
  { "tanh", "The hyperbolic tangent." },
  { "sigmoid", "1 / (1 + exp(-x))." },
  { "relu", "max(x, 0)." },
  { "silu", "x * sigmoid(x)." },
  { "softplus", "log(1 + exp(x))." },
}

options "torch.ClampOptions" [[
- min?: torch.Number -- lower bound
- max?: torch.Number -- upper bound
]]

op "clamp(input: torch.Tensor, min?: torch.Number|torch.ClampOptions, max?: torch.Number): torch.Tensor" [[
Limits elements to [min, max], as positional or named arguments; one bound is optional. Same shape as the input. Raises
an error if both are missing.
> torch.clamp(torch.randn(3), -1, 1)
> torch.clamp(torch.randn(3), { min = 0, max = 2 })
]]

op "where(condition: torch.Tensor, input: torch.Number, other: torch.Number): torch.Tensor" [[
`input` where the condition (bool) is true, else `other`. Shapes broadcast.
> torch.where(torch.tensor { true, false }, 1, torch.zeros(2))
]]

op "masked_fill(input: torch.Tensor, mask: torch.Tensor, value: torch.Number): torch.Tensor" [[
`value` where the mask (bool, broadcast to the input) is true, else `input`. Same shape as the input.
> torch.masked_fill(torch.zeros(2), torch.tensor { true, false }, 9)
]]

options "torch.GeluOptions" [[
- approximate?: "none"|"tanh" = "none" -- exact, or the tanh approximation (T5 v1.1 and flan)
]]

op "gelu(input: torch.Tensor, options?: torch.GeluOptions): torch.Tensor" [[
The Gaussian error linear unit x Phi(x) (Hendrycks and Gimpel 2016). Same shape as the input.
> torch.gelu(torch.randn(3), { approximate = "tanh" })
]]

options "torch.DropoutOptions" [[
- training?: boolean = true -- false: return the input unchanged
]]

op "dropout(input: torch.Tensor, p?: number = 0.5, options?: torch.DropoutOptions): torch.Tensor" [[
Sets elements to 0 with probability `p` and multiplies the others by 1 / (1 - p). Same shape as the input. Raises an
error if `p` is not in [0, 1].
> torch.dropout(torch.ones(4), 0.1, { training = true })
]]

section "Tensors: in-place operations"

local function in_place(list)
  for _, name in ipairs(list) do
    method("torch.Tensor:" .. name .. "_(): torch.Tensor")(
      "`" .. name .. "` in place.\n> torch.ones(3):" .. name .. "_()")
  end
end

in_place { "neg", "abs", "exp", "log", "sqrt", "tanh", "sigmoid", "relu" }

for _, name in ipairs { "add", "sub", "mul", "div", "pow" } do
  method("torch.Tensor:" .. name .. "_(other: torch.Number): torch.Tensor")(
    "`" .. name .. "` in place.\n> torch.ones(3):" .. name .. "_(2)")
end

method "torch.Tensor:zero_(): torch.Tensor" [[
Sets every element to 0.
> torch.ones(3):zero_()
]]

method "torch.Tensor:fill_(value: torch.Number): torch.Tensor" [[
Sets every element to `value`.
> torch.ones(3):fill_(7)
]]

method "torch.Tensor:copy_(source: torch.Number): torch.Tensor" [[
Copies the values of another tensor, broadcast to the shape of this one.
> torch.zeros(2, 3):copy_(torch.arange(3))
]]

method "torch.Tensor:clamp_(min?: torch.Number|torch.ClampOptions, max?: torch.Number): torch.Tensor" [[
`clamp` in place.
> torch.randn(3):clamp_ { min = -1, max = 1 }
]]

method "torch.Tensor:masked_fill_(mask: torch.Tensor, value: torch.Number): torch.Tensor" [[
`masked_fill` in place.
> torch.zeros(2):masked_fill_(torch.tensor { true, false }, 9)
]]

section "Tensors: matrix products"

op "matmul(input: torch.Tensor, other: torch.Tensor): torch.Tensor" [[
The matrix product, [..., n, k] and [..., k, m] to [..., n, m]. Leading dimensions broadcast; vectors are treated as in
PyTorch.
> torch.matmul(torch.ones(2, 3), torch.ones(3, 4)).shape
]]

op "mm(input: torch.Tensor, other: torch.Tensor): torch.Tensor" [[
The product of two matrices, [n, k] and [k, m] to [n, m].
> torch.mm(torch.ones(2, 3), torch.ones(3, 4)).shape
]]

op "bmm(input: torch.Tensor, other: torch.Tensor): torch.Tensor" [[
The matrix products of two batches, [b, n, k] and [b, k, m] to [b, n, m].
> torch.bmm(torch.ones(5, 2, 3), torch.ones(5, 3, 4)).shape
]]

op "dot(input: torch.Tensor, other: torch.Tensor): torch.Tensor" [[
The dot product of two vectors [n], of shape [].
> torch.dot(torch.ones(3), torch.ones(3))
]]

op "outer(input: torch.Tensor, other: torch.Tensor): torch.Tensor" [[
The outer product of two vectors, [n] and [m] to [n, m].
> torch.outer(torch.ones(2), torch.ones(3)).shape
]]

fn "torch.einsum(equation: string, ...: torch.Tensor): torch.Tensor" [[
Sums of products in Einstein notation, one letter per dimension: "bs,smd->bmd" takes [b, s] and [s, m, d] to [b, m, d].
> torch.einsum("bs,smd->bmd", torch.ones(4, 2), torch.ones(2, 5, 8)).shape
]]

section "Tensors: reductions"

for _, entry in ipairs {
  { "sum", "The sum" }, { "mean", "The mean" }, { "amax", "The largest element (ties share the gradient)" },
  { "amin", "The smallest element (ties share the gradient)" },
  { "logsumexp", "log(sum(exp(x)))" },
  { "any", "Logical or" }, { "all", "Logical and" },
} do
  local name, text = table.unpack(entry)
  op(name .. "(input: torch.Tensor, dim?: integer|integer[]|torch.Reduce, options?: torch.Reduce): torch.Tensor")(
    text .. " over all elements (shape []), or along one or more dimensions, which are removed, or kept with size 1 (`keepdim`)."
      .. "\n> torch." .. name .. "(torch.ones(2, 3), -1, { keepdim = true })")
end

op "prod(input: torch.Tensor, dim?: integer|torch.Reduce, options?: torch.Reduce): torch.Tensor" [[
The product over all elements (shape []), or along a dimension, which is removed, or kept with size 1 (`keepdim`).
> torch.prod(torch.ones(2, 3), 1, { keepdim = true })
]]

options "torch.MomentOptions" [[
- keepdim?: boolean = false -- keep the reduced dimensions with size 1
- correction?: number = 1 -- subtracted from the number of elements: 1 for a sample, 0 for a population
]]

op "std(input: torch.Tensor, dim?: integer|integer[]|torch.MomentOptions, options?: torch.MomentOptions): torch.Tensor" [[
The standard deviation over all elements (shape []), or along one or more dimensions, which are removed, or kept with size 1
(`keepdim`).
> torch.std(torch.randn(5, 3), 1, { correction = 0, keepdim = true })
]]

op "var(input: torch.Tensor, dim?: integer|integer[]|torch.MomentOptions, options?: torch.MomentOptions): torch.Tensor" [[
The variance over all elements (shape []), or along one or more dimensions, which are removed, or kept with size 1
(`keepdim`).
> torch.var(torch.randn(5, 3), 1, { correction = 0, keepdim = true })
]]

op "norm(input: torch.Tensor, p?: number|torch.Reduce = 2, dim?: integer|integer[], options?: torch.Reduce): torch.Tensor" [[
The p-norm sum(|x|^p)^(1/p) over all elements (shape []), or along one or more dimensions, which are removed, or kept
with size 1 (`keepdim`).
> torch.norm(torch.ones(2, 3), 2, -1, { keepdim = true })
]]

for _, entry in ipairs { { "max", "largest" }, { "min", "smallest" } } do
  local name, text = table.unpack(entry)
  op(name .. "(input: torch.Tensor, dim?: integer|torch.Tensor, options?: torch.Reduce): torch.Tensor, torch.Tensor?")(
    "Without `dim`: the " .. text .. " element (shape []). Along a dimension: the " .. text .. " elements and their indices from\n"
      .. "1; the dimension is removed, or kept with size 1 (`keepdim`). With another tensor: the " .. text .. " of each pair of\n"
      .. "elements; shapes broadcast."
      .. "\n> torch." .. name .. "(torch.randn(2, 3), -1, { keepdim = true })")
end

for _, entry in ipairs { { "argmax", "largest" }, { "argmin", "smallest" } } do
  local name, text = table.unpack(entry)
  op(name .. "(input: torch.Tensor, dim?: integer|torch.Reduce, options?: torch.Reduce): torch.Tensor")(
    "The index from 1 of the " .. text .. " element, int64: in the flattened tensor (shape []), or along a dimension,\n"
      .. "which is removed, or kept with size 1 (`keepdim`)."
      .. "\n> torch." .. name .. "(torch.randn(2, 3), -1, { keepdim = true })")
end

op "cumsum(input: torch.Tensor, dim: integer): torch.Tensor" [[
Cumulative sums along a dimension. Same shape as the input.
> torch.cumsum(torch.ones(3), 1)
]]

options "torch.CloseOptions" [[
- rtol?: number = 1e-5 -- relative tolerance
- atol?: number = 1e-8 -- absolute tolerance
- equal_nan?: boolean = false -- treat NaN as equal to NaN
]]

op "allclose(input: torch.Tensor, other: torch.Data, options?: torch.CloseOptions): boolean" [[
Whether |a - b| <= atol + rtol |b| for all elements, with broadcasting.
> torch.allclose(torch.ones(2), torch.ones(2), { rtol = 1e-4, atol = 1e-6, equal_nan = true })
]]

op "equal(input: torch.Tensor, other: torch.Data): boolean" [[
Whether both shape and all elements are equal.
> torch.equal(torch.ones(2), torch.ones(2))
]]

section "Tensors: layers and losses"

op "softmax(input: torch.Tensor, dim?: integer = -1): torch.Tensor" [[
exp(x) / sum(exp(x)) along a dimension. Same shape as the input.
> torch.softmax(torch.randn(2, 3), -1)
]]

op "log_softmax(input: torch.Tensor, dim?: integer = -1): torch.Tensor" [[
The logarithm of the softmax, numerically stable. Same shape as the input.
> torch.log_softmax(torch.randn(2, 3), -1)
]]

alias "torch.Reduction" [[
How to reduce the losses of all elements.
- "mean" -- their mean, []
- "sum" -- their sum, []
- "none" -- no reduction
]]

options "torch.CrossEntropyOptions" [[
- reduction?: torch.Reduction = "mean" -- reduction over the targets
- weight?: torch.Tensor -- weight of each class, [classes]
- ignore_index?: integer = -100 -- targets with this id are ignored
- label_smoothing?: number = 0 -- label smoothing, in [0, 1]
]]

op "cross_entropy(logits: torch.Tensor, targets: torch.Data, options?: torch.CrossEntropyOptions): torch.Tensor" [[
The cross-entropy -log softmax(logits)[target]: logits [n, classes, ...] and class ids [n, ...] from 0 to [] or (with
reduction "none") [n, ...]. Raises an error if a class id is out of range.
> torch.cross_entropy(torch.randn(4, 3), { 0, 2, 1, -100 }, { reduction = "sum", label_smoothing = 0.1 })
]]

options "torch.LossOptions" [[
- reduction?: torch.Reduction = "mean" -- reduction over the elements
]]

op "mse_loss(input: torch.Tensor, target: torch.Number, options?: torch.LossOptions): torch.Tensor" [[
The squared error (input - target)^2, reduced to [] unless the reduction is "none".
> torch.mse_loss(torch.zeros(3), torch.ones(3), { reduction = "sum" })
]]

options "torch.LayerNormOptions" [[
- weight?: torch.Tensor -- factor of each element, of shape `shape`
- bias?: torch.Tensor -- added to each element, of shape `shape`
- eps?: number = 1e-5 -- added to the variance
]]

op "layer_norm(input: torch.Tensor, shape: integer|integer[], options?: torch.LayerNormOptions): torch.Tensor" [[
Layer normalisation (Ba et al. 2016): (x - mean) / sqrt(variance + eps) over the last dimensions, which have the sizes
`shape`. Same shape as the input.
> torch.layer_norm(torch.randn(2, 4), 4, { eps = 1e-6 })
]]

op "embedding(weight: torch.Tensor, ids: torch.Data): torch.Tensor" [[
Looks up rows of `weight` [n, d]: ids [...] from 0 to [..., d]. Raises an error if an id is out of range.
> torch.embedding(torch.randn(10, 4), { 0, 3, 9 }).shape
]]

op "one_hot(ids: torch.Data, classes: integer): torch.Tensor" [[
One-hot vectors, int64: ids [...] from 0 to [..., classes]. Raises an error if an id is out of range.
> torch.one_hot({ 0, 2 }, 3)
]]
