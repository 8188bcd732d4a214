"""Makes tests/golden/routers.safetensors: the weights of the routers in stdlib/routers, with gradients.

    pip install torch==2.11.0 entmax==1.3 safetensors==0.8.0
    python tests/golden/routers.py

Gumbel-softmax is torch's own, whose noise, -log of exponential draws, is given here; sparsemax is that of the package
entmax, by authors of Martins & Astudillo (2016). In float64. For each case CASE/weights, and CASE/grad: the gradient of
sum(weights * cotangent) for the logits [T, S], of which `rows` (from 1) are taken.
"""

from pathlib import Path

import numpy as np
import torch
from entmax import sparsemax
from safetensors.torch import save_file

draw = np.random.default_rng(22)
ROWS = torch.tensor([1, 3, 3, 2])
LOGITS = torch.tensor(draw.normal(size=(3, 4)) * 1.5)
U = torch.tensor(draw.uniform(0.02, 0.98, size=(4, 4)))
COTANGENT = torch.tensor(draw.normal(size=(4, 4)))
TEMPERATURE = 0.7
OUT = {"logits": LOGITS, "u": U, "cotangent": COTANGENT, "rows": ROWS}


def gumbel(logits, hard):
    drawn = torch.Tensor.exponential_
    torch.Tensor.exponential_ = lambda self: self.copy_(-torch.log(U))
    try:
        return torch.nn.functional.gumbel_softmax(logits, TEMPERATURE, hard)
    finally:
        torch.Tensor.exponential_ = drawn


def case(name, f):
    leaf = LOGITS.clone().requires_grad_()
    weights = f(leaf[ROWS - 1])
    (weights * COTANGENT).sum().backward()
    OUT[f"{name}/weights"], OUT[f"{name}/grad"] = weights.detach(), leaf.grad


case("gumbel.soft", lambda z: gumbel(z, False))
case("gumbel.hard", lambda z: gumbel(z, True))
case("gumbel.eval", lambda z: torch.softmax(z, -1))
case("sparsemax", lambda z: sparsemax(z, dim=-1))
case("sparsemax.without", lambda z: sparsemax(z.masked_fill(torch.tensor([False, True, False, False]), -1e9), dim=-1))
floats = {name: t if t.dtype == torch.int64 else t.float().contiguous() for name, t in OUT.items()}
save_file(floats, Path(__file__).parent / "routers.safetensors")
