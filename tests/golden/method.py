"""Makes tests/golden/method.safetensors: the method's formulas, values and gradients, in float64.

    pip install torch==2.11.0 transformers==5.23.0 numpy safetensors
    python tests/golden/method.py

Written from the method's description with plain loops, torch.nn.LSTM, torch.optim.AdamW,
transformers' Adafactor and torch's clip_grad_norm_. A gradient is that of sum(output * cotangent).
B 3 rows, S 2 sources, m 4 positions, d 6; the router has 4 tasks and 3 sources.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from transformers.optimization import Adafactor

RNG = np.random.default_rng(20)
OUT = {}


def given(name, *shape, scale=1.0, positive=False):
    """A random input, the same in float32 and float64."""
    x = RNG.uniform(0, 1, shape) if positive else RNG.normal(0, scale, shape)
    OUT[name] = torch.tensor(x.astype(np.float32))
    return OUT[name].double()


def keep(name, output, cotangent=None, **wrt):
    OUT[name] = output.detach().float().contiguous()
    if cotangent is not None:
        grads = torch.autograd.grad((output * cotangent).sum(), wrt.values())
        for key, grad in zip(wrt, grads):
            OUT[f"{name}.grad.{key}"] = grad.float().contiguous()


def leaf(x):
    return x.clone().requires_grad_()


def compose():
    short, long = given("compose.private", 3, 4, 6), given("compose.private_long", 3, 8, 6)
    shared, weights = given("compose.sources", 2, 4, 6), given("compose.weights", 3, 2, positive=True)
    cot, cot_long = given("compose.cotangent", 3, 4, 6), given("compose.cotangent_long", 3, 8, 6)

    def run(name, private, cotangent, formula):
        p, s, w = leaf(private), leaf(shared), leaf(weights)
        rows = [formula(p[b], [w[b, i] * s[i] for i in range(2)]) for b in range(3)]
        keep(f"compose.{name}", torch.stack(rows), cotangent, private=p, sources=s, weights=w)

    run("sum", short, cot, lambda p, parts: p + parts[0] + parts[1])
    run("product", short, cot, lambda p, parts: p * (parts[0] + parts[1]))
    run("concat", long, cot_long, lambda p, parts: p * torch.cat(parts))


def router():
    logits = given("router.logits", 4, 3, scale=2.0)
    tasks = torch.tensor([0, 2, 2, 3, 1])
    u, cot = given("router.u", 5, 3, positive=True), given("router.cotangent", 5, 3)
    tau = 1.5
    sigmoid = lambda x: 1 / (1 + torch.exp(-x))
    softmax = lambda x: torch.exp(x) / torch.exp(x).sum(1, keepdim=True)
    sample = lambda w: sigmoid((w[tasks] + torch.log(u) - torch.log(1 - u)) / tau)
    train = {  # of the samples, which are sigmoids already
        "softmax": lambda x: softmax(x),
        "softmax_sigmoid": lambda x: softmax(x),
        "sum": lambda x: x / x.sum(1, keepdim=True),
        "sigmoid": lambda x: x,
        "none": lambda x: x,
    }
    evaluation = {  # of the logits
        "softmax": lambda x: softmax(x),
        "softmax_sigmoid": lambda x: softmax(sigmoid(x)),
        "sum": lambda x: sigmoid(x) / sigmoid(x).sum(1, keepdim=True),
        "sigmoid": sigmoid,
        "none": lambda x: x,
    }
    for phase, rules, score in [
        ("train", train, sample),
        ("eval", evaluation, lambda w: w[tasks]),
    ]:
        for name, rule in rules.items():
            w = leaf(logits)
            keep(f"router.{phase}.{name}", rule(score(w)), cot, logits=w)
            kept = torch.tensor([0, 2])
            alone = torch.zeros(5, 3, dtype=torch.double)
            alone[:, kept] = rule(score(logits)[:, kept])
            keep(f"router.{phase}.{name}.renormalised", alone)
            learned = rule(score(logits)).clone()
            learned[:, 1] = 0
            keep(f"router.{phase}.{name}.as_learned", learned)
    keep("router.samples", sample(logits))


def encoders():
    x, cot = given("encoder.embedding", 4, 6), given("encoder.cotangent", 4, 6)
    w1, w2 = given("encoder.w1", 6, 6, scale=0.5), given("encoder.w2", 6, 6, scale=0.5)
    b1, b2 = given("encoder.b1", 6), given("encoder.b2", 6)
    activations = {
        "gelu": lambda h: h * 0.5 * (1 + torch.erf(h / 2**0.5)),
        "gelu_tanh": lambda h: 0.5 * h * (1 + torch.tanh((2 / np.pi) ** 0.5 * (h + 0.044715 * h**3))),
        "relu": lambda h: torch.where(h > 0, h, torch.zeros_like(h)),
        "silu": lambda h: h / (1 + torch.exp(-h)),
    }
    for name, act in activations.items():
        for residual in (False, True):
            e, a, b, c, d = map(leaf, (x, w1, b1, w2, b2))
            y = act(e @ a.T + b) @ c.T + d
            keep(
                f"encoder.{name}{'.residual' if residual else ''}",
                y + e if residual else y,
                cot,
                embedding=e,
                w1=a,
                b1=b,
                w2=c,
                b2=d,
            )

    lstm = torch.nn.LSTM(6, 3, num_layers=2, bidirectional=True, batch_first=True).double()
    for name, weight in lstm.named_parameters():
        weight.data = given(f"encoder.lstm.{name}", *weight.shape, scale=0.6)
    e, a, b, c, d = map(leaf, (x, w1, b1, w2, b2))
    hidden = lstm(e[None])[0][0]
    wrt = dict(embedding=e, w1=a, b1=b, w2=c, b2=d)
    wrt |= {f"lstm.{name}": weight for name, weight in lstm.named_parameters()}
    keep("encoder.lstm", torch.relu(hidden @ a.T + b) @ c.T + d, cot, **wrt)


RATES = [0.05, 0.04, 0.03, 0.02, 0.01]
SHAPES = {"matrix": (4, 6), "vector": (6,), "skipped": (4, 6)}
DECAY = 0.1


def steps(optimize):
    """Five steps; `skipped` has no gradient in the third. The parameters after all of them."""
    params = {name: torch.nn.Parameter(START[name].clone()) for name in SHAPES}
    optimizer = optimize(list(params.values()))
    for step, rate in enumerate(RATES):
        for name, p in params.items():
            p.grad = None if (name, step) == ("skipped", 2) else GRADS[name][step].clone()
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
    return params


def adam_by_rms(start, grads, refresh):
    """Adam (0.9, 0.98, 1e-8) whose step is multiplied by max(1e-3, RMS), read every `refresh`."""
    p, m, v, scale, t = start.numpy().copy(), 0.0, 0.0, None, 0
    for rate, g in zip(RATES, grads):
        if g is None:
            continue
        if t % refresh == 0:
            scale = max(1e-3, np.sqrt(np.mean(p**2)))
        t += 1
        m, v = 0.9 * m + 0.1 * g, 0.98 * v + 0.02 * g**2
        p = p - rate * scale * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.98**t)) + 1e-8)
    return torch.tensor(p)


def optimizers():
    for name, shape in SHAPES.items():
        START[name] = given(f"optimizer.start.{name}", *shape)
        GRADS[name] = given(f"optimizer.grads.{name}", len(RATES), *shape, scale=0.3)
    adafactor = lambda scale: lambda params: Adafactor(
        params, lr=1.0, relative_step=False, scale_parameter=scale, weight_decay=DECAY
    )
    for label, optimize in {
        "adamw": lambda params: torch.optim.AdamW(params, weight_decay=DECAY),
        "adafactor": adafactor(False),
        "adafactor.scaled": adafactor(True),
    }.items():
        for name, p in steps(optimize).items():
            keep(f"optimizer.{label}.{name}", p)
    for name in SHAPES:
        grads = [g.numpy() for g in GRADS[name]]
        if name == "skipped":
            grads[2] = None
        keep(f"optimizer.adam_rms.{name}", adam_by_rms(START[name], grads, refresh=2))

    params = [torch.nn.Parameter(START[name].clone()) for name in SHAPES]
    for name, p in zip(SHAPES, params):
        p.grad = None if name == "skipped" else 2 * GRADS[name][0].clone()
    keep("clip.norm", torch.nn.utils.clip_grad_norm_(params, 1.0))
    keep("clip.matrix", params[0].grad)
    keep("clip.vector", params[1].grad)


START, GRADS = {}, {}

if __name__ == "__main__":
    compose()
    router()
    encoders()
    optimizers()
    path = Path(__file__).with_name("method.safetensors")
    save_file(OUT, path)
    path.chmod(0o644)
    print(f"{len(OUT)} tensors, {path.stat().st_size // 1024} KiB, clip norm {OUT['clip.norm']:.3f}")
