section "Tensors: element by element"

local function unary(list)
  for _, entry in ipairs(list) do
    local name, text, example = table.unpack(entry)
    op(name .. "(input: torch.Tensor): torch.Tensor")(text .. "\n> torch." .. name .. "(" .. (example or "torch.randn(3)") .. ")")
  end
end

local function binary(list)
  for _, entry in ipairs(list) do
    local name, text, example = table.unpack(entry)
    op(name .. "(input: torch.Number, other: torch.Number): torch.Tensor")(
      text .. "\n> torch." .. name .. "(" .. (example or "torch.ones(2, 3), torch.arange(3)") .. ")")
  end
end

binary {
  { "add", "Sum, with broadcasting; `a + b`." },
  { "sub", "Difference; `a - b`." },
  { "mul", "Product; `a * b`." },
  { "div", "Quotient; `a / b`." },
  { "floor_divide", "Quotient rounded down; `a // b`." },
  { "remainder", "Remainder with the divisor's sign; `a % b`.", "torch.arange(5), 3" },
  { "pow", "Power; `a ^ b`." },
  { "minimum", "The smaller of the two, element by element." },
  { "maximum", "The larger of the two, element by element." },
  { "eq", "Whether elements are equal, bool. (`==` asks whether two names hold one tensor.)" },
  { "ne", "Whether elements differ, bool." },
  { "lt", "Whether elements are smaller, bool." },
  { "le", "Whether elements are smaller or equal, bool." },
  { "gt", "Whether elements are larger, bool." },
  { "ge", "Whether elements are larger or equal, bool." },
  { "logical_and", "Whether both hold, bool." },
  { "logical_or", "Whether one of both holds, bool." },
}

unary {
  { "logical_not", "Whether elements are 0 or false, bool." },
  { "neg", "The negative; `-a`." },
  { "abs", "The absolute value." },
  { "exp", "e to the power of each element." },
  { "log", "The natural logarithm.", "torch.ones(3)" },
  { "sqrt", "The square root.", "torch.ones(3)" },
  { "rsqrt", "1 over the square root.", "torch.ones(3)" },
  { "sin", "The sine." },
  { "cos", "The cosine." },
  { "floor", "Rounded down." },
  { "ceil", "Rounded up." },
  { "round", "Rounded to the nearest, halves to even." },
  { "sign", "-1, 0 or 1." },
  { "isnan", "Whether elements are no number, bool." },
  { "isfinite", "Whether elements are neither infinite nor NaN, bool." },
  { "tanh", "The hyperbolic tangent." },
  { "sigmoid", "1 / (1 + exp(-x))." },
  { "relu", "max(x, 0)." },
  { "silu", "x * sigmoid(x)." },
  { "softplus", "log(1 + exp(x))." },
}

options "torch.ClampOptions" [[
- min?: torch.Number -- nothing is smaller
- max?: torch.Number -- nothing is larger
]]

op "clamp(input: torch.Tensor, min?: torch.Number|torch.ClampOptions, max?: torch.Number): torch.Tensor" [[
Kept within bounds, by position or by name; one of the two may be left out.
> torch.clamp(torch.randn(3), -1, 1)
> torch.clamp(torch.randn(3), { min = 0, max = 2 })
]]

op "where(condition: torch.Tensor, input: torch.Number, other: torch.Number): torch.Tensor" [[
`input` where the condition (bool) holds, `other` elsewhere.
> torch.where(torch.tensor { true, false }, 1, torch.zeros(2))
]]

op "masked_fill(input: torch.Tensor, mask: torch.Tensor, value: torch.Number): torch.Tensor" [[
`value` where the mask (bool) holds, `input` elsewhere.
> torch.masked_fill(torch.zeros(2), torch.tensor { true, false }, 9)
]]

options "torch.GeluOptions" [[
- approximate?: "none"|"tanh" = "none" -- exact, or the tanh approximation (T5 v1.1 and flan)
]]

op "gelu(input: torch.Tensor, options?: torch.GeluOptions): torch.Tensor" [[
x times the normal distribution's cumulative function.
> torch.gelu(torch.randn(3), { approximate = "tanh" })
]]

options "torch.DropoutOptions" [[
- training?: boolean = true -- false: nothing is dropped
]]

op "dropout(input: torch.Tensor, p?: number = 0.5, options?: torch.DropoutOptions): torch.Tensor" [[
Elements become 0 with probability `p`; the rest is scaled by 1 / (1 - p).
> torch.dropout(torch.ones(4), 0.1, { training = true })
]]

section "Tensors: in place"

local function in_place(list)
  for _, name in ipairs(list) do
    method("torch.Tensor:" .. name .. "_(): torch.Tensor")(
      "`" .. name .. "` written into the tensor itself.\n> torch.ones(3):" .. name .. "_()")
  end
end

in_place { "neg", "abs", "exp", "log", "sqrt", "tanh", "sigmoid", "relu" }

for _, name in ipairs { "add", "sub", "mul", "div", "pow" } do
  method("torch.Tensor:" .. name .. "_(other: torch.Number): torch.Tensor")(
    "`" .. name .. "` written into the tensor itself.\n> torch.ones(3):" .. name .. "_(2)")
end

method "torch.Tensor:zero_(): torch.Tensor" [[
Every element becomes 0.
> torch.ones(3):zero_()
]]

method "torch.Tensor:fill_(value: torch.Number): torch.Tensor" [[
Every element becomes `value`.
> torch.ones(3):fill_(7)
]]

method "torch.Tensor:copy_(source: torch.Number): torch.Tensor" [[
Takes the values of another tensor, broadcast to this one's shape.
> torch.zeros(2, 3):copy_(torch.arange(3))
]]

method "torch.Tensor:clamp_(min?: torch.Number|torch.ClampOptions, max?: torch.Number): torch.Tensor" [[
`clamp` written into the tensor itself.
> torch.randn(3):clamp_ { min = -1, max = 1 }
]]

method "torch.Tensor:masked_fill_(mask: torch.Tensor, value: torch.Number): torch.Tensor" [[
`masked_fill` written into the tensor itself.
> torch.zeros(2):masked_fill_(torch.tensor { true, false }, 9)
]]

section "Tensors: matrices"

op "matmul(input: torch.Tensor, other: torch.Tensor): torch.Tensor" [[
The matrix product: [n, k] x [k, m], batched over leading dimensions; vectors as PyTorch has them.
> torch.matmul(torch.ones(2, 3), torch.ones(3, 4)).shape
]]

op "mm(input: torch.Tensor, other: torch.Tensor): torch.Tensor" [[
The product of two matrices, [n, k] x [k, m].
> torch.mm(torch.ones(2, 3), torch.ones(3, 4)).shape
]]

op "bmm(input: torch.Tensor, other: torch.Tensor): torch.Tensor" [[
The products of two batches of matrices, [b, n, k] x [b, k, m].
> torch.bmm(torch.ones(5, 2, 3), torch.ones(5, 3, 4)).shape
]]

op "dot(input: torch.Tensor, other: torch.Tensor): torch.Tensor" [[
The sum of the products of two vectors.
> torch.dot(torch.ones(3), torch.ones(3))
]]

op "outer(input: torch.Tensor, other: torch.Tensor): torch.Tensor" [[
All products of two vectors, [n] and [m] to [n, m].
> torch.outer(torch.ones(2), torch.ones(3)).shape
]]

fn "torch.einsum(equation: string, ...: torch.Tensor): torch.Tensor" [[
Sums of products by Einstein's convention, a letter a dimension.
> torch.einsum("bs,smd->bmd", torch.ones(4, 2), torch.ones(2, 5, 8)).shape
]]

section "Tensors: reductions"

for _, entry in ipairs {
  { "sum", "The sum" }, { "mean", "The mean" }, { "amax", "The largest element; ties share the gradient" },
  { "amin", "The smallest element; ties share the gradient" },
  { "logsumexp", "log(sum(exp(x))), computed safely" },
  { "any", "Whether any element holds" }, { "all", "Whether all elements hold" },
} do
  local name, text = table.unpack(entry)
  op(name .. "(input: torch.Tensor, dim?: integer|integer[]|torch.Reduce, options?: torch.Reduce): torch.Tensor")(
    text .. ", of all elements or along one or more dimensions."
      .. "\n> torch." .. name .. "(torch.ones(2, 3), -1, { keepdim = true })")
end

op "prod(input: torch.Tensor, dim?: integer|torch.Reduce, options?: torch.Reduce): torch.Tensor" [[
The product, of all elements or along a dimension.
> torch.prod(torch.ones(2, 3), 1, { keepdim = true })
]]

options "torch.MomentOptions" [[
- keepdim?: boolean = false -- reduced dimensions stay, with size 1
- correction?: number = 1 -- subtracted from the number of elements: 1 as in samples, 0 for a population
]]

op "std(input: torch.Tensor, dim?: integer|integer[]|torch.MomentOptions, options?: torch.MomentOptions): torch.Tensor" [[
The standard deviation, of all elements or along one or more dimensions.
> torch.std(torch.randn(5, 3), 1, { correction = 0, keepdim = true })
]]

op "var(input: torch.Tensor, dim?: integer|integer[]|torch.MomentOptions, options?: torch.MomentOptions): torch.Tensor" [[
The variance, of all elements or along one or more dimensions.
> torch.var(torch.randn(5, 3), 1, { correction = 0, keepdim = true })
]]

op "norm(input: torch.Tensor, p?: number|torch.Reduce = 2, dim?: integer|integer[], options?: torch.Reduce): torch.Tensor" [[
The p-norm, of all elements or along one or more dimensions.
> torch.norm(torch.ones(2, 3), 2, -1, { keepdim = true })
]]

for _, entry in ipairs { { "max", "largest" }, { "min", "smallest" } } do
  local name, text = table.unpack(entry)
  op(name .. "(input: torch.Tensor, dim?: integer|torch.Tensor, options?: torch.Reduce): torch.Tensor, torch.Tensor?")(
    "The " .. text .. " element; along a dimension, the values and their positions; beside another tensor,\n"
      .. "the " .. text .. " of both, element by element."
      .. "\n> torch." .. name .. "(torch.randn(2, 3), -1, { keepdim = true })")
end

for _, entry in ipairs { { "argmax", "largest" }, { "argmin", "smallest" } } do
  local name, text = table.unpack(entry)
  op(name .. "(input: torch.Tensor, dim?: integer|torch.Reduce, options?: torch.Reduce): torch.Tensor")(
    "The position of the " .. text .. " element, along a dimension or in the flattened tensor, int64."
      .. "\n> torch." .. name .. "(torch.randn(2, 3), -1, { keepdim = true })")
end

op "cumsum(input: torch.Tensor, dim: integer): torch.Tensor" [[
Running sums along a dimension.
> torch.cumsum(torch.ones(3), 1)
]]

options "torch.CloseOptions" [[
- rtol?: number = 1e-5 -- relative tolerance
- atol?: number = 1e-8 -- absolute tolerance
- equal_nan?: boolean = false -- NaN equals NaN
]]

op "allclose(input: torch.Tensor, other: torch.Data, options?: torch.CloseOptions): boolean" [[
Whether all elements agree within |a - b| <= atol + rtol |b|.
> torch.allclose(torch.ones(2), torch.ones(2), { rtol = 1e-4, atol = 1e-6, equal_nan = true })
]]

op "equal(input: torch.Tensor, other: torch.Data): boolean" [[
Whether shapes and elements are the same.
> torch.equal(torch.ones(2), torch.ones(2))
]]

section "Tensors: layers and losses"

op "softmax(input: torch.Tensor, dim?: integer = -1): torch.Tensor" [[
exp(x) divided by its sum along a dimension.
> torch.softmax(torch.randn(2, 3), -1)
]]

op "log_softmax(input: torch.Tensor, dim?: integer = -1): torch.Tensor" [[
The logarithm of the softmax, computed safely.
> torch.log_softmax(torch.randn(2, 3), -1)
]]

alias "torch.Reduction" [[
What becomes of the losses of single elements.
- "mean"
- "sum"
- "none"
]]

options "torch.CrossEntropyOptions" [[
- reduction?: torch.Reduction = "mean" -- of the losses of single targets
- weight?: torch.Tensor -- a weight for each class, [classes]
- ignore_index?: integer = -100 -- targets of this id do not count
- label_smoothing?: number = 0 -- in [0, 1]
]]

op "cross_entropy(logits: torch.Tensor, targets: torch.Data, options?: torch.CrossEntropyOptions): torch.Tensor" [[
Minus the log-probability of the targets: logits [n, classes, ...], targets class ids [n, ...] that
count from 0.
> torch.cross_entropy(torch.randn(4, 3), { 0, 2, 1, -100 }, { reduction = "sum", label_smoothing = 0.1 })
]]

options "torch.LossOptions" [[
- reduction?: torch.Reduction = "mean" -- of the losses of single elements
]]

op "mse_loss(input: torch.Tensor, target: torch.Number, options?: torch.LossOptions): torch.Tensor" [[
Squared differences.
> torch.mse_loss(torch.zeros(3), torch.ones(3), { reduction = "sum" })
]]

options "torch.LayerNormOptions" [[
- weight?: torch.Tensor -- a factor for each element of the shape
- bias?: torch.Tensor -- added to each element of the shape
- eps?: number = 1e-5 -- added to the variance
]]

op "layer_norm(input: torch.Tensor, shape: integer|integer[], options?: torch.LayerNormOptions): torch.Tensor" [[
Mean 0 and deviation 1 over the last dimensions, whose sizes are `shape`.
> torch.layer_norm(torch.randn(2, 4), 4, { eps = 1e-6 })
]]

op "embedding(weight: torch.Tensor, ids: torch.Data): torch.Tensor" [[
Rows of `weight` [n, d] by ids, which count from 0: ids [...] to [..., d].
> torch.embedding(torch.randn(10, 4), { 0, 3, 9 }).shape
]]

op "one_hot(ids: torch.Data, classes: integer): torch.Tensor" [[
int64, one dimension more: 1 at each id, 0 elsewhere. Ids count from 0.
> torch.one_hot({ 0, 2 }, 3)
]]
