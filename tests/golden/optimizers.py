"""Makes tests/golden/optimizers.safetensors: five steps of the optimizers of compt.optimizer, in float64.

    pip install torch==2.11.0 transformers==5.23.0 lion-pytorch==0.2.5 safetensors==0.8.0
    python -P tests/golden/optimizers.py

AdamW and SGD are torch's, Adafactor is that of transformers, Lion that of lion-pytorch, which is compared here with plain
loops of algorithm 2 of Chen et al. 2023. START/NAME and GRADS/NAME [steps, ...] are the inputs, CASE/NAME the parameters
after all steps. `skipped` has no gradient in the third step.
"""

from pathlib import Path

import numpy as np
import torch
from lion_pytorch import Lion
from safetensors.torch import save_file
from transformers.optimization import Adafactor

DRAW = np.random.default_rng(24)
RATES = [0.05, 0.04, 0.03, 0.02, 0.01]
SHAPES = {"matrix": (3, 4), "vector": (5,), "skipped": (2, 3)}


def given(*shape, scale):
    return torch.tensor(DRAW.normal(0, scale, shape).astype(np.float32)).double()


START = {name: given(*shape, scale=1.0) for name, shape in SHAPES.items()}
GRADS = {name: given(len(RATES), *shape, scale=0.3) for name, shape in SHAPES.items()}
OUT = {f"start/{name}": value for name, value in START.items()} | {f"grads/{n}": g for n, g in GRADS.items()}


def case(label, optimize):
    params = {name: torch.nn.Parameter(START[name].clone()) for name in SHAPES}
    optimizer = optimize(list(params.values()))
    for step, rate in enumerate(RATES):
        for name, p in params.items():
            p.grad = None if (name, step) == ("skipped", 2) else GRADS[name][step].clone()
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
    for name, p in params.items():
        OUT[f"{label}/{name}"] = p.detach()


def algorithm_2(start, grads, beta1, beta2, decay):
    p, m = start.numpy().copy(), np.zeros(start.shape)
    for rate, g in zip(RATES, grads.numpy()):
        c = beta1 * m + (1 - beta1) * g
        p = p - rate * (np.sign(c) + decay * p)
        m = beta2 * m + (1 - beta2) * g
    return torch.tensor(p)


sgd = lambda **options: lambda params: torch.optim.SGD(params, lr=1.0, **options)
case("adamw", lambda params: torch.optim.AdamW(params))
case("adamw.options", lambda params: torch.optim.AdamW(params, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.2))
case("adafactor", lambda params: Adafactor(params, lr=1.0, relative_step=False, scale_parameter=False))
case("lion", lambda params: Lion(params))
case("lion.options", lambda params: Lion(params, betas=(0.7, 0.95), weight_decay=0.3))
case("sgd", sgd())
case("sgd.decay", sgd(weight_decay=0.2))
case("sgd.momentum", sgd(momentum=0.9))
case("sgd.dampening", sgd(momentum=0.9, dampening=0.4, weight_decay=0.1))
case("sgd.nesterov", sgd(momentum=0.8, nesterov=True, weight_decay=0.1))
for label, (betas, decay) in {"lion": ((0.9, 0.99), 0), "lion.options": ((0.7, 0.95), 0.3)}.items():
    for name in ["matrix", "vector"]:
        torch.testing.assert_close(OUT[f"{label}/{name}"], algorithm_2(START[name], GRADS[name], *betas, decay))
path = Path(__file__).with_name("optimizers.safetensors")
save_file({name: t.float().contiguous() for name, t in OUT.items()}, path)
path.chmod(0o644)
