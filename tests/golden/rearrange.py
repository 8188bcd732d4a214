"""Writes rearrange.lua: what einops makes of patterns. Run: python tests/golden/rearrange.py (einops 0.8.2, numpy)"""

import pathlib

import einops
import numpy as np

CASES = [
    ((2, 3, 4), "b n d -> b d n", {}),
    ((2, 3, 4), "b n d -> (b n) d", {}),
    ((2, 6, 4), "b (h d) n -> b h n d", {"h": 3}),
    ((2, 6, 4), "b (h d) n -> b n (d h)", {"d": 3}),
    ((12,), "(a b c) -> c a b", {"a": 2, "b": 3}),
    ((1, 3), "1 n -> n 1", {}),
    ((3, 1, 2), "a () b -> b a", {}),
    ((2, 3, 4, 5), "b ... d -> d b ...", {}),
    ((2, 3, 4, 5), "b ... d -> b (...) d", {}),
    ((2, 3), "... -> (...)", {}),
    ((2, 3), "a b ... -> ... b a", {}),
    ((4, 6), "(h p1) (w p2) -> (h w) (p1 p2)", {"p1": 2, "p2": 3}),
    ((2, 3), "a_1 b2 -> b2 a_1 1", {}),
]
WRONG = [
    ((2, 3), "a b -> a"), ((2, 3), "a b -> a b c"), ((2, 3), "a b c -> a b c"), ((2, 3), "a a -> a"),
    ((2, 3), "(a b) c -> a b c"), ((2, 3), "a b -> ... a b"), ((2, 3), "a (b -> a b"), ((2, 3), "a b"), ((2, 3), "1 b -> b"),
]


def table(values):
    return "{" + ",".join(map(str, values)) + "}"


if __name__ == "__main__":
    lines = []
    for shape, pattern, sizes in CASES:
        got = einops.rearrange(np.arange(np.prod(shape)).reshape(shape), pattern, **sizes)
        named = ", ".join(f"{k} = {v}" for k, v in sizes.items())
        lines.append(f'{{ shape = {table(shape)}, pattern = "{pattern}", sizes = {{ {named} }}, out = {table(got.shape)}, data = {table(got.flatten())} }},')
    for shape, pattern in WRONG:
        try:
            einops.rearrange(np.zeros(shape), pattern)
            raise SystemExit(f"einops takes {pattern}")
        except (einops.EinopsError, ValueError):
            lines.append(f'{{ shape = {table(shape)}, pattern = "{pattern}", wrong = true }},')
    head = "-- Written by tests/golden/rearrange.py with einops 0.8.2.\n"
    pathlib.Path(__file__).with_suffix(".lua").write_text(head + "return {\n" + "\n".join(lines) + "\n}\n")
