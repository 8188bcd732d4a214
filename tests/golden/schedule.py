"""Values of schedules by transformers and torch, for tests/lua/schedule/schedule_test.lua.

    python tests/golden/schedule.py > tests/lua/schedule/golden.lua
"""

import math
import random

import torch
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    CyclicLR,
    ExponentialLR,
    LinearLR,
    OneCycleLR,
    ReduceLROnPlateau,
    StepLR,
)
from transformers import TrainingArguments, get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup


def values(make, peak, total):
    """The rate at each optimizer step, from 1 to total."""
    optimizer = torch.optim.SGD([torch.zeros(1, dtype=torch.float64)], lr=peak)
    scheduler = make(optimizer)
    rates = [scheduler.get_last_lr()[0]]
    for _ in range(total - 1):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return rates


def warmup(total, share):
    return TrainingArguments(warmup_steps=share, output_dir="unused", use_cpu=True).get_warmup_steps(total)


CASES = []
for total, share in [(10, 0.2), (13, 0.2), (7, 0.0), (8, 0.5), (11, 0.1), (12, 0.35)]:
    for name, hf in [
        ("warmup_linear", get_linear_schedule_with_warmup),
        ("warmup_cosine", get_cosine_schedule_with_warmup),
    ]:
        rates = values(lambda o: hf(o, warmup(total, share), total), 0.05, total)
        CASES.append((f"s.{name}(0.05, {{ warmup = {share} }})", total, rates))

total = 9
CASES += [
    ("s.linear(5, 0.001)", total,
     values(lambda o: LinearLR(o, 1.0, 0.001 / 5, total - 1), 5.0, total)),
    ("s.cosine(5, 0.001)", total,
     values(lambda o: CosineAnnealingLR(o, total - 1, 0.001), 5.0, total)),
    ("s.exponential(5, 0.001)", total,
     values(lambda o: ExponentialLR(o, (0.001 / 5) ** (1 / (total - 1))), 5.0, total)),
    ("s.step(0.1, 3, 0.5)", total, values(lambda o: StepLR(o, 3, 0.5), 0.1, total)),
]


def lua(value):
    """A value as the schedules print it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value:.14g}"


def call(name, *args, **options):
    given = ", ".join(f"{key} = {lua(value)}" for key, value in options.items())
    return f"s.{name}({', '.join([*map(lua, args), *([f'{{ {given} }}'] if given else [])])})"


def one_cycle(total, **options):
    names = dict(options)
    names["anneal_strategy"] = names.pop("anneal", "cosine").replace("cosine", "cos")
    make = lambda o: OneCycleLR(o, 0.05, total_steps=total, cycle_momentum=False, **names)
    return call("one_cycle", 0.05, **options), total, values(make, 0.05, total)


def cyclic(total, up, down=None, **options):
    make = lambda o: CyclicLR(o, 0.01, 0.1, up, down, cycle_momentum=False, **options)
    steps = {"up": up} | ({} if down is None else {"down": down})
    return call("cyclic", 0.01, 0.1, **steps, **options), total, values(make, 0.01, total)


for total in [10, 23]:
    CASES += [
        one_cycle(total),
        one_cycle(total, pct_start=0.45, anneal="linear", div_factor=10.0),
        one_cycle(total, pct_start=0.25, final_div_factor=100.0, three_phase=True),
        one_cycle(total, pct_start=0.3, anneal="linear", three_phase=True),
    ]
CASES += [one_cycle(6, pct_start=0.0), one_cycle(6, pct_start=1.0), one_cycle(5, pct_start=0.1)]
for mode in ["triangular", "triangular2", "exp_range"]:
    CASES += [cyclic(22, 4, mode=mode, gamma=0.9), cyclic(22, 2, 5, mode=mode, gamma=0.97)]
CASES += [cyclic(9, 3, 0)]


def plateau(value, history, **options):
    """The value at each step; before step n + 1, n metrics are known."""
    names = dict(options)
    metric = names.pop("metric", "loss")
    names.setdefault("mode", "min" if metric == "loss" else "max")
    if "min" in names:
        names["min_lr"] = names.pop("min")
    optimizer = torch.optim.SGD([torch.zeros(1, dtype=torch.float64)], lr=value)
    scheduler = ReduceLROnPlateau(optimizer, **names)
    rates = [value]
    for now in history:
        scheduler.step(now)
        rates.append(optimizer.param_groups[0]["lr"])
    # A sequence that tries nothing is no test.
    assert len(set(rates)) > 1, options
    return call("on_plateau", value, **options), len(rates), rates, history


random.seed(7)
for options in [
    {"patience": 0, "factor": 0.5},
    {"patience": 2, "factor": 0.5, "min": 0.02},
    {"patience": 1, "factor": 0.3, "cooldown": 3},
    {"patience": 2, "cooldown": 1, "threshold": 0.3},
    {"patience": 1, "factor": 0.5, "threshold": 0.2, "threshold_mode": "abs"},
    {"patience": 0, "factor": 0.5, "mode": "max", "threshold": 0.05},
    {"patience": 0, "factor": 0.1, "eps": 0.001},
    {"metric": "score", "patience": 1, "factor": 0.5},
    {"metric": "score", "patience": 1, "threshold": 4, "threshold_mode": "abs"},
    {"metric": "score", "mode": "min", "patience": 1, "factor": 0.6, "cooldown": 2},
    {},
]:
    score = options.get("metric") == "score"
    start, spread = (50, 8) if score else (2, 0.3)
    drift = (0.5 if score else -0.02) if options else 0
    history = [round(start + i * drift + random.gauss(0, spread), 4) for i in range(30)]
    CASES.append(plateau(0.1, history, **options))


def numbers(values):
    return f"{{ {', '.join(f'{value:.17g}' for value in values)} }}"


print("-- Made by tests/golden/schedule.py: { schedule, total steps, its value at each step }; for")
print("-- a plateau also the metrics in order, of which the first n - 1 are known at step n.")
print("return {")
for text, total, rates, *history in CASES:
    lists = ", ".join(map(numbers, [rates, *history]))
    print(f"  {{ '{text}', {total}, {lists} }},")
print("}")
