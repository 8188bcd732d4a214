"""Makes tests/golden/statistics.lua: paired t-tests, ANOVA, sign-flip tests, rank correlations and bootstrap intervals by
SciPy, McNemar's test by statsmodels, Holm's correction by statsmodels' rule, rows and runs as samples by numpy's sums.

    pip install scipy==1.17.1 statsmodels==0.15.0 numpy
    python tests/golden/statistics.py
"""

from pathlib import Path

import numpy as np
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

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
for case in holms:
    assert np.allclose(case["holm"], multipletests(case["p"], method="holm")[1])

own = np.random.default_rng(11)
mean = lambda x, axis: np.mean(x, axis=axis)
flips = []
for d in [[1.0] * 6, [2.0, 1.0, -1.0, 3.0, 0.0, 4.0, 2.0], own.normal(0.4, 1, 9).round(6).tolist(),
          own.normal(0.3, 1, 12).round(6).tolist(), own.choice([-100.0, 0.0, 100.0], 13).tolist(), [-5.0] * 8 + [0.5]]:
    found = stats.permutation_test((np.array(d),), mean, permutation_type="samples", n_resamples=np.inf, vectorized=True)
    flips.append({"d": d, "p": found.pvalue})
# Sums of runs' answers: the binomial test is the sign-flip test of equal sizes.
for first, second in [(30, 15), (70, 40)]:
    p = stats.binomtest(first, first + second).pvalue
    flips.append({"d": [1.0] * first + [-1.0] * second + [0.0] * 50, "p": p})



def all_sums(d):
    """The share of signs with such a sum, by the distribution of all sums."""
    sizes, share = np.abs(d), np.array([1.0])
    for size in sizes:
        share = (np.pad(share, (0, size)) + np.pad(share, (size, 0))) / 2
    return share[np.abs(2 * np.arange(len(share)) - sizes.sum()) >= abs(sum(d))].sum()


# The first differences are positive; sizes 1, 2, 3 in turn.
manies = [{"first": first, "count": count, "p": all_sums([(1 if i < first else -1) * (1 + i % 3) for i in range(count)])}
          for first, count in [(1600, 3000), (1550, 3000)]]

mcnemars = [{"first": b, "second": c, "p": float(mcnemar([[7, b], [c, 9]], exact=True).pvalue)}
            for b, c in [(0, 0), (0, 5), (6, 0), (5, 15), (10, 12), (150, 210)]]

ranks = []
for n, tie in [(5, 6), (8, 1), (30, 1), (30, 6)]:
    x = own.normal(0, 1, n).round(tie)
    y = (0.5 * x + own.normal(0, 1, n)).round(tie)
    found = stats.spearmanr(x, y)
    ranks.append({"x": x.tolist(), "y": y.tolist(), "rho": found.statistic, "p": found.pvalue})

# The interval is random: the width of the tolerance is four deviations of a quantile of 2,000 draws.
bootstraps = []
for n in [6, 40]:
    x = own.normal(2, 1, n).round(6)
    found = stats.bootstrap((x,), mean, method="percentile", n_resamples=200000, rng=5, vectorized=True)
    low, high = found.confidence_interval
    bootstraps.append({"x": x.tolist(), "low": low, "high": high, "error": 0.22 * found.standard_error})


def crossed(runs):
    """Two-way random effects: variances from the mean squares of runs, rows and rest; Banerjee's interval."""
    runs = np.array(runs)
    r, n = runs.shape
    grand, of_run, of_row = runs.mean(), runs.mean(1), runs.mean(0)
    ms_runs = n * ((of_run - grand) ** 2).sum() / (r - 1)
    ms_rows = r * ((of_row - grand) ** 2).sum() / (n - 1)
    rest = ((runs - of_run[:, None] - of_row[None] + grand) ** 2).sum() / ((r - 1) * (n - 1))
    shared = max(0.0, ms_rows - rest) / (r * n)
    # Where rows share nothing, chance in the rows is all of their variance within a run.
    within = runs.var(axis=1, ddof=1).mean() / n
    of_runs = max(ms_runs / n, within - shared) / r
    width = lambda p: (of_runs * stats.t.isf(p / 2, r - 1) ** 2 + shared * stats.t.isf(p / 2, n - 1) ** 2) ** 0.5
    p = optimize.brentq(lambda p: width(p) - abs(grand), 1e-12, 1 - 1e-12, xtol=1e-15)
    return {"effect": grand, "error": (of_runs + shared) ** 0.5, "of_runs": of_runs**0.5, "of_rows": shared**0.5, "p": p,
            "low": grand - width(0.05), "high": grand + width(0.05)}


crosseds = []
for r, n, of_run, of_row, effect in [(3, 20, 0.3, 1.0, 0.5), (2, 12, 0.0, 0.0, 0.2), (10, 8, 1.0, 0.5, 0.6), (5, 30, 0.0, 2.0, 1.0)]:
    runs = effect + of_run * own.normal(size=(r, 1)) + of_row * own.normal(size=(1, n)) + own.normal(size=(r, n))
    runs = runs.round(6).tolist()
    crosseds.append({"runs": runs} | crossed(runs))


def lua(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {lua(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "{ " + ", ".join(lua(item) for item in value) + " }"
    return repr(float(value))


parts = {"tests": tests, "holm": holms, "anova": anovas, "sign_flip": flips, "many": manies, "mcnemar": mcnemars, "spearman": ranks,
         "bootstrap": bootstraps, "crossed": crosseds}
text = "--- Made by statistics.py.\nreturn {\n"
for name, cases in parts.items():
    text += f"  {name} = {{\n" + "".join(f"    {lua(case)},\n" for case in cases) + "  },\n"
Path(__file__).with_name("statistics.lua").write_text(text + "}\n")
