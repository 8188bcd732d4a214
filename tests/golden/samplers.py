"""Makes tests/golden/samplers.lua: the probabilities of rows and tasks by the samplers in stdlib/samplers.

    pip install numpy==2.4.6
    pip download --no-deps seqio==0.0.19 keras-importance-sampling==0.10
    unzip seqio-*.whl; tar xzf keras-importance-sampling-*.tar.gz
    python tests/golden/samplers.py FOLDER_WITH_BOTH

`temperature` is `mixing_rate_num_examples` of seqio, which `rate_num_examples` of T5 calls; `hard` is
`OnlineBatchSelectionSampler` of idiap/importance-sampling (Loshchilov & Hutter 2015). Only these two definitions are taken
from their files, because the packages need TensorFlow. `short_first` is the formula of Platanios et al. (2019) in NumPy.
"""

import ast
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Optional

import numpy as np


def taken(path, name, scope):
    tree = ast.parse(path.read_text())
    found = next(node for node in tree.body if getattr(node, "name", None) == name)
    exec(compile(ast.Module([found], []), str(path), "exec"), scope)
    return scope[name]


class Base:
    def __init__(self, dataset, *_, **__):
        self.dataset = dataset


folder = Path(sys.argv[1])
quiet = SimpleNamespace(warning=lambda *_: None)
rate = taken(folder / "seqio/utils.py", "mixing_rate_num_examples", {"Optional": Optional, "logging": quiet})
samplers = next(folder.glob("keras*importance*sampling-0.10/importance_sampling/samplers.py"))
Selection = taken(samplers, "OnlineBatchSelectionSampler", {"np": np, "ModelSampler": Base})


def temperature(sizes, limit, t):
    def task(n):
        return SimpleNamespace(cache_dir=True, name="", get_cached_stats=lambda split: {"examples": n})

    rates = np.array([rate(task(n), maximum=limit or None, temperature=t) for n in sizes])
    return {"sizes": sizes, "limit": limit, "temperature": t, "wanted": rates / rates.sum()}


def hard(losses, first, last, epochs):
    data = SimpleNamespace(train_data=losses)
    model = SimpleNamespace()
    of = Selection(data, None, model, steps_per_epoch=1, recompute=0, s_e=(first, last), n_epochs=epochs)
    of.update(np.arange(len(losses)), np.array(losses))
    p = of._scores / of._scores.sum()
    return {"losses": losses, "pressure": first, "last_pressure": last, "progress": of._epoch / epochs, "wanted": p}


def short_first(tokens, start, all_by, progress):
    difficulty = np.searchsorted(np.sort(tokens), tokens, "right") / len(tokens)
    competence = min(1, np.sqrt(progress / all_by * (1 - start**2) + start**2))
    within = (difficulty <= competence) | (np.array(tokens) == min(tokens))
    return {"tokens": tokens, "start": start, "all_by": all_by, "progress": progress, "wanted": within / within.sum()}


def lua(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {lua(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, (list, np.ndarray)):
        return "{ " + ", ".join(lua(entry) for entry in value) + " }"
    return repr(float(value)) if isinstance(value, np.floating) else repr(value)


GLUE = [392702, 363846, 104743, 67349, 8551, 5749, 3668, 2490]
draw = np.random.default_rng(7)
LOSSES = [round(x, 4) for x in draw.gamma(1.0, size=9).tolist()]
TOKENS = draw.integers(3, 12, size=14).tolist()
CASES = {
    "temperature": [temperature(GLUE, *of) for of in [(0, 1.0), (0, 2.0), (65536, 1.0), (65536, 2.0), (2**21, 8.0)]],
    "hard": [hard(LOSSES, *of) for of in [(100, 1, 2), (100, 1, 4), (100.0, 10.0, 8), (1e8, 1.0, 16)]],
    "short_first": [short_first(TOKENS, *of) for of in [(0.01, 0.5, 0.0), (0.25, 0.5, 0.1), (0.25, 0.5, 0.4), (0.1, 1, 0.7)]],
}
text = "-- Written by samplers.py.\nreturn {\n"
for name, cases in CASES.items():
    text += f"  {name} = {{\n" + "".join(f"    {lua(case)},\n" for case in cases) + "  },\n"
(Path(__file__).parent / "samplers.lua").write_text(text + "}\n")
