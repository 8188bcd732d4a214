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
  { "mul", "Product, `a * b`." },
  { "floor_divide", "Quotient rounded down, `a // b`." },
  { "remainder", "Remainder with the sign of the divisor, `a % b`.", "torch.arange(5), 3" },
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
  { "logical_xor", "Logical exclusive or, bool." },
}

for _, entry in ipairs { { "add", "Sum, `a + b`", "+" }, { "sub", "Difference, `a - b`", "-" } } do
  local name, text, sign = table.unpack(entry)
  op(name .. "(input: torch.Number, other: torch.Number, *, alpha?: number): torch.Tensor")(
    text .. ", or a " .. sign .. " alpha b. Shapes broadcast.\n- alpha -- factor of `other`"
      .. "\n> torch." .. name .. "(torch.ones(2, 3), torch.arange(3), { alpha = 2 })")
end

op 'div(input: torch.Number, other: torch.Number, *, rounding_mode?: "trunc"|"floor"): torch.Tensor' [[
Quotient, `a / b`. Shapes broadcast.
- rounding_mode -- round the quotient towards zero ("trunc") or down ("floor")
> torch.div(torch.arange(3), 2, { rounding_mode = "floor" })
]]

op "pow(input: torch.Number, exponent: torch.Number): torch.Tensor" [[
Power, `a ^ b`. Shapes broadcast.
> torch.pow(torch.arange(3), 2)
]]

unary {
  { "logical_not", "Logical not, bool: true for 0 and false." },
  { "neg", "The negative, `-a`." },
  { "abs", "The absolute value." },
  { "exp", "The exponential function." },
  { "expm1", "exp(x) - 1, exact for small x." },
  { "log1p", "log(1 + x), exact for small x.", "torch.ones(3)" },
  { "erf", "The error function." },
  { "log", "The natural logarithm.", "torch.ones(3)" },
  { "sqrt", "The square root.", "torch.ones(3)" },
  { "rsqrt", "1 / sqrt(x).", "torch.ones(3)" },
  { "sin", "The sine." },
  { "cos", "The cosine." },
  { "floor", "Rounds down." },
  { "ceil", "Rounds up." },
  { "sign", "The sign: -1, 0 or 1." },
  { "isnan", "Whether elements are NaN, bool." },
  { "isinf", "Whether elements are infinite, bool." },
  { "isfinite", "Whether elements are neither infinite nor NaN, bool." },
  { "tanh", "The hyperbolic tangent." },
  { "sigmoid", "1 / (1 + exp(-x))." },
  { "relu", "max(x, 0)." },
  { "silu", "x * sigmoid(x)." },
}

op "round(input: torch.Tensor, *, decimals?: integer): torch.Tensor" [[
Rounds to the nearest whole number, or to a number of decimals; halves to even. Same shape as the input.
> torch.round(torch.randn(3), { decimals = 2 })
]]

op "softplus(input: torch.Tensor, beta?: number = 1, threshold?: number = 20): torch.Tensor" [[
log(1 + exp(beta x)) / beta, and x where beta x is above the threshold. Same shape as the input.
> torch.softplus(torch.randn(3), { beta = 2 })
]]

op "logit(input: torch.Tensor, eps?: number): torch.Tensor" [[
log(x / (1 - x)), the inverse of the sigmoid. Same shape as the input.
- eps -- limits elements to [eps, 1 - eps] before
> torch.logit(torch.rand(3), 1e-6)
]]

op "nan_to_num(input: torch.Tensor, nan?: number, posinf?: number, neginf?: number): torch.Tensor" [[
Replaces NaN by `nan` (0), infinity by `posinf` (the largest number of the dtype) and -infinity by `neginf` (the
smallest). Same shape as the input.
> torch.nan_to_num(torch.tensor { 0 / 0, 1 / 0 }, { posinf = 1 })
]]

op "lerp(input: torch.Tensor, end: torch.Number, weight: torch.Number): torch.Tensor" [[
input + weight (end - input). Shapes broadcast.
> torch.lerp(torch.zeros(3), torch.ones(3), 0.25)
]]

op "clamp(input: torch.Tensor, min?: torch.Number, max?: torch.Number): torch.Tensor" [[
Limits elements to [min, max], as positional or named arguments; one bound is optional. Same shape as the input. Raises
an error if both are missing.
- min -- lower bound
- max -- upper bound
> torch.clamp(torch.randn(3), -1, 1)
> torch.clamp(torch.randn(3), { min = 0, max = 2 })
]]

op "where(condition: torch.Tensor): torch.Tensor[]" [[
`input` where the condition (bool) is true, else `other`. Shapes broadcast.
~ where(condition: torch.Tensor, input: torch.Number, other: torch.Number): torch.Tensor
> torch.where(torch.tensor { true, false }, 1, torch.zeros(2))
]]

op "masked_fill(input: torch.Tensor, mask: torch.Tensor, value: torch.Number): torch.Tensor" [[
`value` where the mask (bool, broadcast to the input) is true, else `input`. Same shape as the input.
> torch.masked_fill(torch.zeros(2), torch.tensor { true, false }, 9)
]]

op 'gelu(input: torch.Tensor, *, approximate?: "none"|"tanh" = "none"): torch.Tensor' [[
The Gaussian error linear unit x Phi(x) (Hendrycks and Gimpel 2016). Same shape as the input.
- approximate -- exact, or the tanh approximation (T5 v1.1 and flan)
> torch.gelu(torch.randn(3), { approximate = "tanh" })
]]

op "dropout(input: torch.Tensor, p?: number = 0.5, training?: boolean = true): torch.Tensor" [[
Sets elements to 0 with probability `p` and multiplies the others by 1 / (1 - p). Same shape as the input. Raises an
error if `p` is not in [0, 1].
- training -- false: return the input unchanged
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

for _, entry in ipairs {
  { "add", "other: torch.Number, *, alpha?: number" }, { "sub", "other: torch.Number, *, alpha?: number" },
  { "mul", "other: torch.Number" }, { "div", 'other: torch.Number, *, rounding_mode?: "trunc"|"floor"' },
  { "pow", "exponent: torch.Number" },
} do
  local name, more = table.unpack(entry)
  method("torch.Tensor:" .. name .. "_(" .. more .. "): torch.Tensor")(
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

method "torch.Tensor:copy_(src: torch.Number): torch.Tensor" [[
Copies the values of another tensor, broadcast to the shape of this one.
> torch.zeros(2, 3):copy_(torch.arange(3))
]]

method "torch.Tensor:clamp_(min?: torch.Number, max?: torch.Number): torch.Tensor" [[
`clamp` in place.
- min -- lower bound
- max -- upper bound
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

op "mm(input: torch.Tensor, mat2: torch.Tensor): torch.Tensor" [[
The product of two matrices, [n, k] and [k, m] to [n, m].
> torch.mm(torch.ones(2, 3), torch.ones(3, 4)).shape
]]

op "bmm(input: torch.Tensor, mat2: torch.Tensor): torch.Tensor" [[
The matrix products of two batches, [b, n, k] and [b, k, m] to [b, n, m].
> torch.bmm(torch.ones(5, 2, 3), torch.ones(5, 3, 4)).shape
]]

op "dot(input: torch.Number, tensor: torch.Number): torch.Tensor" [[
The dot product of two vectors [n], of shape [].
> torch.dot(torch.ones(3), torch.ones(3))
]]

op "outer(input: torch.Tensor, vec2: torch.Tensor): torch.Tensor" [[
The outer product of two vectors, [n] and [m] to [n, m].
> torch.outer(torch.ones(2), torch.ones(3)).shape
]]

fn "torch.einsum(equation: string, ...operands: torch.Tensor|torch.Tensor[]): torch.Tensor" [[
Sums of products in Einstein notation, one letter per dimension: "bs,smd->bmd" takes [b, s] and [s, m, d] to [b, m, d].
> torch.einsum("bs,smd->bmd", torch.ones(4, 2), torch.ones(2, 5, 8)).shape
]]

section "Tensors: reductions"

local along = " over all elements (shape []), or along one or more dimensions, which are removed, or kept with size 1 (`keepdim`)."

for _, entry in ipairs {
  { "sum", "The sum", ", *, dtype?: torch.dtype" }, { "mean", "The mean", ", *, dtype?: torch.dtype" },
  { "amax", "The largest element (ties share the gradient)", "" }, { "amin", "The smallest element (ties share the gradient)", "" },
  { "logsumexp", "log(sum(exp(x)))", "" }, { "any", "Logical or", "" }, { "all", "Logical and", "" },
} do
  local name, text, more = table.unpack(entry)
  op(name .. "(input: torch.Tensor, dim?: integer|integer[], keepdim?: boolean = false" .. more .. "): torch.Tensor")(
    text .. along .. "\n> torch." .. name .. "(torch.ones(2, 3), -1, { keepdim = true })\n> torch.ones(2, 3):" .. name .. " { dim = 1 }")
end

op "prod(input: torch.Tensor, dim?: integer, keepdim?: boolean = false, *, dtype?: torch.dtype): torch.Tensor" [[
The product over all elements (shape []), or along a dimension, which is removed, or kept with size 1 (`keepdim`).
> torch.prod(torch.ones(2, 3), 1, { keepdim = true })
]]

for _, entry in ipairs {
  { "std", "The standard deviation", "torch.Tensor" }, { "var", "The variance", "torch.Tensor" },
  { "std_mean", "The standard deviation and the mean", "torch.Tensor, torch.Tensor" },
  { "var_mean", "The variance and the mean", "torch.Tensor, torch.Tensor" },
} do
  local name, text, returns = table.unpack(entry)
  op(name .. "(input: torch.Tensor, dim?: integer|integer[], unbiased?: boolean, keepdim?: boolean = false, *, correction?: number): " .. returns)(
    text .. along .. "\n~ " .. name .. "(input: torch.Tensor, unbiased: boolean): " .. returns
      .. "\n- correction -- subtracted from the number of elements: 1 (the default) for a sample, 0 for a population"
      .. "\n- unbiased -- the older name: true is correction 1, false is correction 0"
      .. "\n> torch." .. name .. "(torch.randn(5, 3), 1, { correction = 0, keepdim = true })")
end

op "norm(input: torch.Tensor, p?: number|string = 2, dim?: integer|integer[], keepdim?: boolean = false, *, dtype?: torch.dtype): torch.Tensor" [[
The p-norm sum(|x|^p)^(1/p) over all elements (shape []), or along one or more dimensions, which are removed, or kept
with size 1 (`keepdim`).
> torch.norm(torch.ones(2, 3), 2, -1, { keepdim = true })
]]

for _, entry in ipairs { { "max", "largest" }, { "min", "smallest" } } do
  local name, text = table.unpack(entry)
  op(name .. "(input: torch.Tensor): torch.Tensor")(
    "The " .. text .. " element (shape []). Along a dimension: the " .. text .. " elements and their indices from\n"
      .. "1; the dimension is removed, or kept with size 1 (`keepdim`). With another tensor: the " .. text .. " of each pair of\n"
      .. "elements; shapes broadcast."
      .. "\n~ " .. name .. "(input: torch.Tensor, dim: integer, keepdim?: boolean = false): torch.Tensor, torch.Tensor"
      .. "\n~ " .. name .. "(input: torch.Tensor, other: torch.Tensor): torch.Tensor"
      .. "\n> torch." .. name .. "(torch.randn(2, 3), -1, { keepdim = true })")
end

for _, entry in ipairs { { "argmax", "largest" }, { "argmin", "smallest" } } do
  local name, text = table.unpack(entry)
  op(name .. "(input: torch.Tensor, dim?: integer, keepdim?: boolean = false): torch.Tensor")(
    "The index from 1 of the " .. text .. " element, int64: in the flattened tensor (shape []), or along a dimension,\n"
      .. "which is removed, or kept with size 1 (`keepdim`)."
      .. "\n> torch." .. name .. "(torch.randn(2, 3), -1, { keepdim = true })")
end

op "cumsum(input: torch.Tensor, dim: integer, *, dtype?: torch.dtype): torch.Tensor" [[
Cumulative sums along a dimension. Same shape as the input.
> torch.cumsum(torch.ones(3), 1)
]]

op "median(input: torch.Tensor): torch.Tensor" [[
The median, the lower one of two, over all elements (shape []). Along a dimension: medians and their indices from 1; the
dimension is removed, or kept with size 1 (`keepdim`).
~ median(input: torch.Tensor, dim: integer, keepdim?: boolean = false): torch.Tensor, torch.Tensor
> torch.median(torch.randn(2, 3), -1)
]]

op "kthvalue(input: torch.Tensor, k: integer, dim?: integer = -1, keepdim?: boolean = false): torch.Tensor, torch.Tensor" [[
The k-th smallest elements along a dimension, k from 1, and their indices from 1.
> torch.kthvalue(torch.randn(2, 3), 2)
]]

op 'quantile(input: torch.Tensor, q: torch.Number|number[], dim?: integer, keepdim?: boolean = false, *, interpolation?: "linear"|"lower"|"higher"|"nearest"|"midpoint" = "linear"): torch.Tensor' [[
The quantiles `q` in [0, 1] of all elements, or along a dimension. Several quantiles [k] add a first dimension of size k.
- interpolation -- what lies between two elements
> torch.quantile(torch.randn(5, 3), { 0.25, 0.75 }, 1).shape
]]

op "histc(input: torch.Tensor, bins?: integer = 100, min?: number = 0, max?: number = 0): torch.Tensor" [[
The number of elements in each of `bins` equal parts of [min, max], [bins]. Elements outside are not counted. If min = max,
the range is that of the elements.
> torch.histc(torch.rand(20), 4, 0, 1)
]]

op "bincount(input: torch.Data, weights?: torch.Tensor, minlength?: integer = 0): torch.Tensor" [[
How often each number from 0 occurs, [largest number + 1]: the count of n is element n + 1.
- weights -- added in place of 1, of the shape of the input
- minlength -- the least size of the result
> torch.bincount({ 0, 2, 2 }, { minlength = 4 })
]]

op "cov(input: torch.Tensor, *, correction?: integer = 1, fweights?: torch.Tensor, aweights?: torch.Tensor): torch.Tensor" [[
The covariances of variables in rows, [variables, observations] to [variables, variables].
- correction -- subtracted from the number of observations
- fweights -- how often each observation counts, whole numbers [observations]
- aweights -- weight of each observation, [observations]
> torch.cov(torch.randn(3, 10), { correction = 0 })
]]

op "corrcoef(input: torch.Tensor): torch.Tensor" [[
The Pearson correlations of variables in rows, [variables, observations] to [variables, variables].
> torch.corrcoef(torch.randn(3, 10))
]]

op "allclose(input: torch.Tensor, other: torch.Data, rtol?: number = 1e-5, atol?: number = 1e-8, equal_nan?: boolean = false): boolean" [[
Whether |a - b| <= atol + rtol |b| for all elements, with broadcasting.
- rtol -- relative tolerance
- atol -- absolute tolerance
- equal_nan -- treat NaN as equal to NaN
> torch.allclose(torch.ones(2), torch.ones(2), { rtol = 1e-4, atol = 1e-6, equal_nan = true })
]]

op "equal(input: torch.Tensor, other: torch.Data): boolean" [[
Whether both shape and all elements are equal.
> torch.equal(torch.ones(2), torch.ones(2))
]]
