section "Tensors: layers and losses"

op "softmax(input: torch.Tensor, dim?: integer = -1, *, dtype?: torch.dtype): torch.Tensor" [[
exp(x) / sum(exp(x)) along a dimension. Same shape as the input.
> torch.softmax(torch.randn(2, 3), -1)
]]

op "log_softmax(input: torch.Tensor, dim?: integer = -1, *, dtype?: torch.dtype): torch.Tensor" [[
The logarithm of the softmax, numerically stable. Same shape as the input.
> torch.log_softmax(torch.randn(2, 3), -1)
]]

alias "torch.Reduction" [[
How to reduce the losses of all elements.
- "mean" -- their mean, []
- "sum" -- their sum, []
- "none" -- no reduction
]]

op 'cross_entropy(input: torch.Tensor, target: torch.Data, weight?: torch.Tensor, *, ignore_index?: integer = -100, reduction?: torch.Reduction = "mean", label_smoothing?: number = 0): torch.Tensor' [[
The cross-entropy -log softmax(logits)[target]: logits [n, classes, ...] and class ids [n, ...] from 0 to [] or (with
reduction "none") [n, ...]. Raises an error if a class id is out of range.
- reduction -- reduction over the targets
- weight -- weight of each class, [classes]
- ignore_index -- targets with this id are ignored
- label_smoothing -- label smoothing, in [0, 1]
> torch.cross_entropy(torch.randn(4, 3), { 0, 2, 1, -100 }, { reduction = "sum", label_smoothing = 0.1 })
]]

op 'mse_loss(input: torch.Tensor, target: torch.Number, *, reduction?: torch.Reduction = "mean", weight?: torch.Tensor): torch.Tensor' [[
The squared error (input - target)^2, reduced to [] unless the reduction is "none".
- reduction -- reduction over the elements
> torch.mse_loss(torch.zeros(3), torch.ones(3), { reduction = "sum" })
]]

op "layer_norm(input: torch.Tensor, normalized_shape: integer|integer[], weight?: torch.Tensor, bias?: torch.Tensor, eps?: number = 1e-5): torch.Tensor" [[
Layer normalisation (Ba et al. 2016): (x - mean) / sqrt(variance + eps) over the last dimensions, which have the sizes
`shape`. Same shape as the input.
- weight -- factor of each element, of shape `shape`
- bias -- added to each element, of shape `shape`
- eps -- added to the variance
> torch.layer_norm(torch.randn(2, 4), 4, { eps = 1e-6 })
]]

op "embedding(weight: torch.Tensor, indices: torch.Data, padding_idx?: integer, scale_grad_by_freq?: boolean = false, *, max_norm?: number, norm_type?: number = 2): torch.Tensor" [[
Looks up rows of `weight` [n, d]: ids [...] from 0 to [..., d]. As in `torch.embedding`,
the weight comes first. Raises an error if an id is out of range.
- padding_idx -- id whose row receives no gradient
- scale_grad_by_freq -- divide the gradient of a row by the number of its uses
- max_norm -- rows that are looked up are first scaled down, in place, to this norm
- norm_type -- p of that norm
> torch.embedding(torch.randn(10, 4), { 0, 3, 9 }).shape
]]

op 'nll_loss(input: torch.Tensor, target: torch.Data, weight?: torch.Tensor, *, ignore_index?: integer = -100, reduction?: torch.Reduction = "mean"): torch.Tensor' [[
The negative log-likelihood -input[target]: log-probabilities [n, classes, ...] and class ids [n, ...] from 0.
- weight -- weight of each class, [classes]
- ignore_index -- targets with this id are ignored
> torch.nll_loss(torch.randn(2, 3):log_softmax(), { 0, 2 })
]]

op 'smooth_l1_loss(input: torch.Tensor, target: torch.Number, *, reduction?: torch.Reduction = "mean", beta?: number = 1): torch.Tensor' [[
d^2 / (2 beta) where d = |input - target| is below beta, else d - beta / 2 (Girshick 2015).
> torch.smooth_l1_loss(torch.zeros(3), torch.ones(3), { beta = 0.5 })
]]

op 'binary_cross_entropy_with_logits(input: torch.Tensor, target: torch.Number, weight?: torch.Tensor, *, reduction?: torch.Reduction = "mean", pos_weight?: torch.Tensor): torch.Tensor' [[
-(y log sigmoid(x) + (1 - y) log(1 - sigmoid(x))) for logits x and targets y in [0, 1] of one shape.
- weight -- factor of each loss; broadcasts
- pos_weight -- factor of the first term; broadcasts
> torch.binary_cross_entropy_with_logits(torch.randn(3), torch.ones(3), { pos_weight = torch.full({ 3 }, 2.0) })
]]

op 'kl_div(input: torch.Tensor, target: torch.Tensor, *, reduction?: torch.Reduction|"batchmean" = "mean", log_target?: boolean = false): torch.Tensor' [[
The Kullback-Leibler divergence target (log target - input) of log-probabilities `input` and probabilities `target`.
- reduction -- "batchmean": the sum by the number of rows, which is the divergence itself
- log_target -- `target` has log-probabilities, too
> torch.kl_div(torch.randn(2, 3):log_softmax(), torch.randn(2, 3):softmax(), { reduction = "batchmean" })
]]

op "cosine_similarity(x1: torch.Tensor, x2: torch.Tensor, dim?: integer = 2, eps?: number = 1e-8): torch.Tensor" [[
x1 . x2 / (max(|x1|, eps) max(|x2|, eps)) along a dimension, which is removed. Shapes broadcast.
> torch.cosine_similarity(torch.randn(2, 3), torch.randn(2, 3), -1)
]]

op "cdist(x1: torch.Tensor, x2: torch.Tensor, p?: number = 2, compute_mode?: string): torch.Tensor" [[
The p-norm distances of rows, [..., n, d] and [..., m, d] to [..., n, m].
- compute_mode -- PyTorch's "use_mm_for_euclid_dist_if_necessary" (the default), "use_mm_for_euclid_dist" or "donot_use_mm_for_euclid_dist"
> torch.cdist(torch.randn(2, 3), torch.randn(4, 3)).shape
]]

op "normalize(input: torch.Tensor, p?: number = 2, dim?: integer = 2, eps?: number = 1e-12): torch.Tensor" [[
x / max(|x|_p, eps) along a dimension. Same shape as the input.
> torch.normalize(torch.randn(2, 3), { dim = -1 })
]]

op "rms_norm(input: torch.Tensor, normalized_shape: integer|integer[], weight?: torch.Tensor, eps?: number): torch.Tensor" [[
x / sqrt(mean(x^2) + eps) over the last dimensions, which have the sizes `normalized_shape` (Zhang and Sennrich 2019; T5's
normalisation). Same shape as the input.
- weight -- factor of each element, of shape `normalized_shape`
- eps -- default: the smallest difference from 1 that the dtype has
> torch.rms_norm(torch.randn(2, 4), 4, { eps = 1e-6 })
]]

op "scaled_dot_product_attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attn_mask?: torch.Tensor, dropout_p?: number = 0, is_causal?: boolean = false, *, scale?: number, enable_gqa?: boolean = false): torch.Tensor" [[
softmax(scale q k^T + mask) v (Vaswani et al. 2017): queries [..., q, d], keys [..., k, d] and values [..., k, v] to
[..., q, v].
- attn_mask -- [..., q, k]: true where a query may attend, or numbers that are added
- dropout_p -- dropout of the weights; it applies whenever it is above 0
- is_causal -- attend to positions up to the query's own
- scale -- default: 1 / sqrt(d)
- enable_gqa -- keys and values may have fewer heads, in dimension -3
> torch.scaled_dot_product_attention(torch.randn(2, 4, 8), torch.randn(2, 5, 8), torch.randn(2, 5, 8)).shape
]]

op "one_hot(tensor: torch.Data, num_classes?: integer = -1): torch.Tensor" [[
One-hot vectors, int64: ids [...] from 0 to [..., classes]. Raises an error if an id is out of range.
> torch.one_hot({ 0, 2 }, 3)
]]
