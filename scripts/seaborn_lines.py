"""The figure of docs/results.md on rows per task, drawn with seaborn from exported runs, to set beside compt's.

    pip install seaborn==0.13.2 pandas pyarrow
    compt runs export runs/paper --where tasks=micro --where weights=learned,null --parquet tables
    python scripts/seaborn_lines.py tables/evaluations.parquet lines_seaborn.pdf
"""
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

NAMES = {"ssum": "SSUM", "msum": "MSUM", "mcat": "MCAT", "pt": "PT"}

runs = pd.read_parquet(sys.argv[1]).query("evaluation == 'result' and shots <= 32 and epochs == 30")
for setting in ("private_lr", "transfer", "added"):
    if setting in runs:
        runs = runs[runs[setting].isna()]
runs = runs[runs.method.isin(NAMES) & (runs.sources.isna() | (runs.sources == 3))].copy()
runs["method"] = runs.method.map(NAMES)

sns.set_theme(style="whitegrid", context="paper", font_scale=8 / 9.6)
figure, axes = plt.subplots(figsize=(3.3, 2.6))
sns.lineplot(
    runs, x="shots", y="average", hue="method", style="method", markers=True, hue_order=NAMES.values(),
    style_order=NAMES.values(), palette="colorblind", errorbar="sd", ax=axes,
)
axes.set(xscale="log", xlabel="rows per task", ylabel="score (%)", xticks=[8, 16, 32], xticklabels=[8, 16, 32])
axes.minorticks_off()
axes.legend(title=None, frameon=False)
figure.tight_layout(pad=0.2)
figure.savefig(sys.argv[2], dpi=300)
print(f"{len(runs)} runs, seaborn {sns.__version__}")
