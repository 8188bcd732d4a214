"""Writes tensor_ops.json: what PyTorch makes of a broad set of tensor operations.

Each case is an expression in Lua over the inputs x, y, z and the same computation in PyTorch, with
its outputs and, where it is differentiable, the gradients of sum(cos(1..n) * output) for the
inputs. Positions count from 1 in Lua, hence the `+ 1` and `- 1` below.

    python tests/golden/tensor_ops.py      (torch 2.11)
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(7)
A = torch.randn(2, 3)
B = torch.randn(2, 3)
ROW = torch.randn(3)
POSITIVE = torch.rand(2, 3) + 0.5
CUBE = torch.randn(2, 3, 4)
SQUARE = torch.randn(3, 3)
MASK = torch.tensor([[True, False, True], [False, True, False]])
WHOLE = torch.tensor([[5, -7, 2], [3, 8, -4]])
CLASSES = torch.tensor([2, 0])
ROWS = torch.tensor([3, 1, 3])

unary = {
    "exp": POSITIVE, "log": POSITIVE, "sqrt": POSITIVE, "rsqrt": POSITIVE, "abs": A, "neg": A,
    "sin": A, "cos": A, "tanh": A, "sigmoid": A, "relu": A, "silu": A, "softplus": A,
    "floor": A, "ceil": A, "round": A, "sign": A, "isnan": A, "isfinite": A, "logical_not": MASK,
}
functions = {"silu": F.silu, "softplus": F.softplus}

CASES = [(f"x:{name}()", [x], functions.get(name, getattr(torch, name, None))) for name, x in unary.items()]
CASES += [
    # arithmetic, broadcasting, numbers on either side
    ("x + y", [A, ROW], lambda x, y: x + y),
    ("x - y", [A, B], lambda x, y: x - y),
    ("x * y", [CUBE, torch.randn(3, 1)], lambda x, y: x * y),
    ("x / y", [A, POSITIVE], lambda x, y: x / y),
    ("2 * x + 1", [A], lambda x: 2 * x + 1),
    ("1 - x", [A], lambda x: 1 - x),
    ("3 / x", [POSITIVE], lambda x: 3 / x),
    ("x ^ 2", [A], lambda x: x**2),
    ("2 ^ x", [A], lambda x: 2**x),
    ("x ^ y", [POSITIVE, B], lambda x, y: x**y),
    ("x // 2", [WHOLE], lambda x: x // 2),
    ("x % 3", [WHOLE], lambda x: x % 3),
    ("-x", [A], lambda x: -x),
    ("x / 2", [WHOLE], lambda x: x / 2),
    ("x * 2.5", [WHOLE], lambda x: x * 2.5),
    ("x + 1", [MASK], lambda x: x + 1),
    ("x:to('bf16') * 0.1", [A], lambda x: x.bfloat16() * 0.1),
    ("x:lt(y)", [A, B], torch.lt),
    ("x:ge(0)", [A], lambda x: x >= 0),
    ("x:eq(5)", [WHOLE], lambda x: x == 5),
    ("x:ne(y)", [WHOLE, WHOLE.abs()], torch.ne),
    ("x:logical_and(y):logical_or(z)", [MASK, MASK.flip(0), MASK.flip(1)], lambda x, y, z: x & y | z),
    ("torch.minimum(x, y)", [A, B], torch.minimum),
    ("torch.maximum(x, 0)", [A], lambda x: torch.maximum(x, torch.tensor(0.0))),
    ("x:clamp(-0.5, 0.5)", [A], lambda x: x.clamp(-0.5, 0.5)),
    ("x:clamp{ min = 0 }", [A], lambda x: x.clamp(min=0)),
    ("torch.where(y, x, 0)", [A, MASK], lambda x, y: torch.where(y, x, 0)),
    ("torch.where(z, x, y)", [A, ROW, MASK], lambda x, y, z: torch.where(z, x, y)),
    ("x:masked_fill(y, -1e9)", [A, MASK], lambda x, y: x.masked_fill(y, -1e9)),
    # reductions
    ("x:sum()", [A], torch.sum),
    ("x:sum(2)", [A], lambda x: x.sum(1)),
    ("x:sum({1, -1}, { keepdim = true })", [CUBE], lambda x: x.sum((0, -1), keepdim=True)),
    ("x:sum(1)", [MASK], lambda x: x.sum(0)),
    ("x:mean()", [A], torch.mean),
    ("x:mean(-1, { keepdim = true })", [A], lambda x: x.mean(-1, keepdim=True)),
    ("x:prod()", [A], torch.prod),
    ("x:prod(2)", [A], lambda x: x.prod(1)),
    ("x:std()", [A], torch.std),
    ("x:std(2)", [CUBE], lambda x: x.std(1)),
    ("x:var(3, { correction = 0 })", [CUBE], lambda x: x.var(2, correction=0)),
    ("x:norm()", [A], torch.norm),
    ("x:norm(1, 2)", [A], lambda x: x.norm(1, 1)),
    ("x:logsumexp(2)", [A], lambda x: x.logsumexp(1)),
    ("x:cumsum(2)", [A], lambda x: x.cumsum(1)),
    ("x:max()", [A], torch.max),
    ("x:max(2)", [A], lambda x: (x.max(1)[0], x.max(1)[1] + 1)),
    ("x:min(1, { keepdim = true })", [A], lambda x: (x.min(0, True)[0], x.min(0, True)[1] + 1)),
    ("x:amax({1, 3})", [CUBE], lambda x: x.amax((0, 2))),
    ("x:argmax()", [A], lambda x: x.argmax() + 1),
    ("x:argmin(2)", [A], lambda x: x.argmin(1) + 1),
    ("x:any(1)", [MASK], lambda x: x.any(0)),
    ("x:all()", [MASK], torch.all),
    ("x:topk(2)", [A], lambda x: (x.topk(2)[0], x.topk(2)[1] + 1)),
    ("x:topk(1, 1, { largest = false })", [A], lambda x: (x.topk(1, 0, False)[0], x.topk(1, 0, False)[1] + 1)),
    ("x:sort(2, { descending = true })", [A], lambda x: (x.sort(1, True)[0], x.sort(1, True)[1] + 1)),
    ("x:argsort(1)", [A], lambda x: x.argsort(0) + 1),
    # indexing
    ("x[2]", [A], lambda x: x[1]),
    ("x[-1]", [CUBE], lambda x: x[-1]),
    ("x[{ {}, 2 }]", [A], lambda x: x[:, 1]),
    ("x[{ 1, {2, 3}, {1, -1, 2} }]", [CUBE], lambda x: x[0, 1:3, 0::2]),
    ("x[y]", [SQUARE, ROWS], lambda x, y: x[y - 1]),
    ("x[y]", [A, MASK], lambda x, y: x[y]),
    ("x:select(2, 3)", [CUBE], lambda x: x.select(1, 2)),
    ("x:narrow(3, 2, 2)", [CUBE], lambda x: x.narrow(2, 1, 2)),
    ("x:index_select(2, y)", [A, ROWS], lambda x, y: x.index_select(1, y - 1)),
    ("x:gather(2, y)", [A, torch.tensor([[3, 1], [2, 2]])], lambda x, y: x.gather(1, y - 1)),
    ("x:gather(2, x:argmax(2, { keepdim = true }))", [A], lambda x: x.gather(1, x.argmax(1, True))),
    ("x:masked_select(y)", [A, MASK], torch.masked_select),
    ("x:index_add(1, z, y)", [SQUARE, torch.randn(3, 3), ROWS], lambda x, y, z: x.index_add(0, z - 1, y)),
    ("x:scatter(2, y, 9)", [A, torch.tensor([[3, 1], [2, 2]])], lambda x, y: x.scatter(1, y - 1, 9)),
    ("x:scatter_add(2, z, y)", [A, torch.randn(2, 2), torch.tensor([[3, 1], [2, 2]])],
     lambda x, y, z: x.scatter_add(1, z - 1, y)),
    ("x:nonzero()", [MASK], lambda x: x.nonzero() + 1),
    # shape
    ("x:reshape(4, -1)", [CUBE], lambda x: x.reshape(4, -1)),
    ("x:view({ 3, 8 })", [CUBE], lambda x: x.view(3, 8)),
    ("x:transpose(1, 3)", [CUBE], lambda x: x.transpose(0, 2)),
    ("x:t()", [A], torch.t),
    ("x:permute(3, 1, 2)", [CUBE], lambda x: x.permute(2, 0, 1)),
    ("x:unsqueeze(2)", [A], lambda x: x.unsqueeze(1)),
    ("x:unsqueeze(-1):squeeze(3)", [A], lambda x: x),
    ("x:expand(4, -1)", [ROW], lambda x: x.expand(4, -1)),
    ("x:tile(2, 2)", [A], lambda x: x.tile(2, 2)),
    ("x:flatten()", [CUBE], torch.flatten),
    ("x:flatten(2)", [CUBE], lambda x: x.flatten(1)),
    ("x:flip(2)", [A], lambda x: x.flip(1)),
    ("x:tril(-1)", [SQUARE], lambda x: x.tril(-1)),
    ("x:triu()", [SQUARE], torch.triu),
    ("torch.cat({x, y}, 2)", [A, B], lambda x, y: torch.cat([x, y], 1)),
    ("torch.stack({x, y}, -1)", [A, B], lambda x, y: torch.stack([x, y], -1)),
    ("table.unpack(x:split(2, 2))", [CUBE], lambda x: x.split(2, 1)),
    ("table.unpack(x:split({1, 3}, 3))", [CUBE], lambda x: x.split([1, 3], 2)),
    ("table.unpack(x:chunk(2, 3))", [CUBE], lambda x: x.chunk(2, 2)),
    ("table.unpack(x:unbind())", [A], torch.unbind),
    # products, softmax, losses, layers
    ("x:matmul(y)", [CUBE, torch.randn(4, 2)], torch.matmul),
    ("torch.mm(x, y)", [A, SQUARE], torch.mm),
    ("torch.bmm(x, y)", [CUBE, torch.randn(2, 4, 5)], torch.bmm),
    ("x:dot(y)", [ROW, torch.randn(3)], torch.dot),
    ("x:outer(y)", [ROW, torch.randn(2)], torch.outer),
    ("torch.einsum('bs,smd->bmd', x, y)", [A, torch.randn(3, 2, 4)],
     lambda x, y: torch.einsum("bs,smd->bmd", x, y)),
    ("x:softmax(2)", [A], lambda x: x.softmax(1)),
    ("x:log_softmax()", [A], lambda x: x.log_softmax(-1)),
    ("torch.cross_entropy(x, y)", [A, CLASSES], F.cross_entropy),
    ("torch.cross_entropy(x, y, { reduction = 'none', label_smoothing = 0.1 })", [A, CLASSES],
     lambda x, y: F.cross_entropy(x, y, reduction="none", label_smoothing=0.1)),
    ("torch.mse_loss(x, y, { reduction = 'sum' })", [A, B], lambda x, y: F.mse_loss(x, y, reduction="sum")),
    ("x:gelu()", [A], F.gelu),
    ("x:gelu{ approximate = 'tanh' }", [A], lambda x: F.gelu(x, approximate="tanh")),
    ("x:layer_norm(3, { weight = y, eps = 1e-6 })", [A, ROW], lambda x, y: F.layer_norm(x, (3,), y, eps=1e-6)),
    ("torch.embedding(x, y)", [SQUARE, CLASSES], lambda x, y: F.embedding(y, x)),
    ("torch.one_hot(x, 4)", [CLASSES], lambda x: F.one_hot(x, 4)),
    # creation
    ("torch.zeros(2, 3)", [], lambda: torch.zeros(2, 3)),
    ("torch.full({2}, 7)", [], lambda: torch.full((2,), 7)),
    ("torch.arange(2, 9, 3)", [], lambda: torch.arange(2, 9, 3)),
    ("torch.arange(0, 1, 0.25)", [], lambda: torch.arange(0, 1, 0.25)),
    ("torch.linspace(-1, 1, 5)", [], lambda: torch.linspace(-1, 1, 5)),
    ("torch.eye(2, 3)", [], lambda: torch.eye(2, 3)),
    ("torch.manual_seed(3), torch.randn(2, 3)", [], lambda: (torch.manual_seed(3), torch.randn(2, 3))[1]),
    ("torch.manual_seed(3), torch.randperm(5)", [], lambda: (torch.manual_seed(3), torch.randperm(5) + 1)[1]),
]


def plain(t):
    t = t.detach()
    dtype = str(t.dtype).removeprefix("torch.")
    return {"dtype": dtype, "shape": list(t.shape), "data": t.flatten().tolist()}


def record(expression, inputs, f):
    leaves = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    outputs = f(*leaves)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    case = {"lua": expression, "inputs": [plain(x) for x in inputs], "outputs": [plain(o) for o in outputs]}
    roots = [o for o in outputs if o.requires_grad]
    if roots:
        sum((torch.cos(torch.arange(1, o.numel() + 1.0)) * o.float().flatten()).sum() for o in roots).backward()
        case["grads"] = [plain(x.grad) if x.grad is not None else False for x in leaves]
    return case


if __name__ == "__main__":
    cases = [record(*case) for case in CASES]
    rounded = json.loads(json.dumps(cases), parse_float=lambda s: float(f"{float(s):.7g}"))
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in rounded)
    pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
    print(f"{len(cases)} cases")
