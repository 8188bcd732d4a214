"""Values of schedules by transformers and torch, for tests/lua/schedule/schedule_test.lua.

    python tests/golden/schedule.py > tests/lua/schedule/golden.lua
"""

import math

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, LinearLR, StepLR
from transformers import get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup


def values(make, peak, total):
    """The rate at each optimizer step, from 1 to total."""
    optimizer = torch.optim.SGD([torch.zeros(1, dtype=torch.float64)], lr=peak)
    scheduler = make(optimizer)
    rates = []
    for _ in range(total):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return rates


def warmup(total, share):
    return math.floor(share * total + 0.5)


CASES = []
for total, share in [(10, 0.2), (13, 0.2), (7, 0.0), (8, 0.5)]:
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

print("-- Made by tests/golden/schedule.py: { schedule, total steps, its value at each step }.")
print("return {")
for text, total, rates in CASES:
    print(f'  {{ "{text}", {total}, {{ {", ".join(f"{rate:.17g}" for rate in rates)} }} }},')
print("}")
