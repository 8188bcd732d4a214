"""Makes tests/golden/statistics.lua: paired t-tests and ANOVA by SciPy, Holm's correction by statsmodels' rule.

    pip install scipy==1.17.1 numpy
    python tests/golden/statistics.py
"""

from pathlib import Path

import numpy as np
from scipy import stats

rng = np.random.default_rng(3)
tests = []
for n, shift in [(2, 0.5), (3, 0.1), (5, 1.0), (24, 0.05), (24, 2.0), (200, 0.1)]:
    x, y = rng.normal(0, 1, n).round(6), rng.normal(shift, 1, n).round(6)
    found = stats.ttest_rel(x, y)
    tests.append({"x": x.tolist(), "y": y.tolist(), "t": found.statistic, "p": found.pvalue,
                  "mean": x.mean(), "sd": x.std(ddof=1)})


def holm(ps):
    """Holm 1979, step down."""
    order, running, out = np.argsort(ps, kind="stable"), 0.0, [0.0] * len(ps)
    for rank, i in enumerate(order):
        running = max(running, min(1.0, ps[i] * (len(ps) - rank)))
        out[i] = running
    return out


lists = [[0.01, 0.04, 0.03, 0.005], [0.5], [0.2, 0.2, 0.9], rng.uniform(0, 0.1, 9).tolist()]
holms = [{"p": ps, "holm": holm(ps)} for ps in lists]
anovas = []
for sizes, shift in [((3, 3), 1.0), ((2, 5, 4), 0.3), ((24, 24, 24, 24, 24, 24, 24, 24), 0.1), ((10, 10, 10), 3.0)]:
    groups = [(rng.normal(i * shift, 1, n).round(6)).tolist() for i, n in enumerate(sizes)]
    found = stats.f_oneway(*groups)
    anovas.append({"groups": groups, "f": found.statistic, "p": found.pvalue})


def lua(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {lua(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "{ " + ", ".join(lua(item) for item in value) + " }"
    return repr(float(value))


lines = [[f"    {lua(item)}," for item in part] for part in (tests, holms, anovas)]
text = "--- Made by statistics.py.\nreturn {\n  tests = {\n" + "\n".join(lines[0]) + "\n  },\n  holm = {\n"
text += "\n".join(lines[1]) + "\n  },\n  anova = {\n" + "\n".join(lines[2]) + "\n  },\n}\n"
Path(__file__).with_name("statistics.lua").write_text(text)
