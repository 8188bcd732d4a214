"""Reads what `compt runs export` wrote with pandas, and compares every value with the records of the runs.

    pip install pandas==3.1.1 pyarrow==26.0.1
    compt runs export runs --csv --raw --out tables && compt runs export runs --jsonl --out tables
    compt runs export runs --parquet tables
    python scripts/check_tables.py tables runs
"""

import json
import math
import sys
from pathlib import Path

import pandas as pd

tables, runs = Path(sys.argv[1]), Path(sys.argv[2])
OPTIONS = ["only", "without", "weights", "normalise", "decoding", "limit"]
IDENTITY = ["run", "path", "state", "method", "seed", "shots"]
compared = 0


def same(found, wanted, place):
    global compared
    compared += 1
    if wanted is None or (isinstance(wanted, float) and math.isnan(wanted)):
        assert pd.isna(found), (place, found, wanted)
    else:
        assert found == wanted, (place, found, wanted)


def frames(name):
    """The table from all three formats, which are compared; that of Parquet is returned."""
    parquet = pd.read_parquet(tables / f"{name}.parquet")
    csv = pd.read_csv(tables / f"{name}.csv")
    jsonl = pd.read_json(tables / f"{name}.jsonl", lines=True, precise_float=True)
    assert list(parquet.columns)[:6] == IDENTITY, parquet.columns
    # JSON Lines without rows have no columns.
    for other in (csv, jsonl) if len(parquet) else (csv,):
        assert list(other.columns) == list(parquet.columns) and len(other) == len(parquet), name
        for column in parquet.columns:
            for i, (found, wanted) in enumerate(zip(other[column], parquet[column])):
                if isinstance(found, (list, dict)):
                    wanted = json.loads(wanted)
                same(found, wanted, (name, column, i))
    return parquet


def read(path):
    return json.loads(path.read_text()) if path.exists() else {}


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def scores_of(run):
    """The scores of a run: the records of the result, of evaluations during training, and of further ones."""
    cell, result = read(run / "cell.json"), read(run / "result.json")
    values = cell.get("values")
    own = values.get("scores") if isinstance(values, dict) else None
    found = {("result", "test", task, metric): score
             for task, metrics in (own or result.get("scores", {})).items() for metric, score in metrics.items()}
    for line in lines(run / "evaluations.jsonl"):
        found |= {("training", line["step"], task): score for task, score in line["scores"].items()}
    for look in result.get("evaluations", []):
        found |= {("further", *(look[name] for name in OPTIONS), task, metric): score
                  for task, metrics in look["scores"].items() for metric, score in metrics.items()}
    return found


folders = sorted({path.parent for path in runs.rglob("cell.json")})
evaluations, scores, settings, steps = (frames(name) for name in ("evaluations", "scores", "settings", "steps"))

for name, frame in (("evaluations", evaluations), ("scores", scores), ("settings", settings), ("steps", steps)):
    assert frame["seed"].dtype == "int64" and frame["run"].dtype == "str", (name, frame.dtypes)
assert evaluations["average"].dtype == "float64" and evaluations["split"].dtype == "str", evaluations.dtypes
assert scores["score"].dtype == "float64" and scores["main"].dtype == "bool" and scores["task"].dtype == "str", scores.dtypes
if len(steps):
    assert steps["step"].dtype == "int64" and steps["loss"].dtype == "float64", steps.dtypes

assert len(settings) == len(folders), (len(settings), len(folders))
for folder in folders:
    cell = read(folder / "cell.json")
    own = {name: frame[frame["path"] == str(folder)] for name, frame in
           (("evaluations", evaluations), ("scores", scores), ("settings", settings), ("steps", steps))}
    (row,) = own["settings"].to_dict("records")
    same(row["run"], folder.name, folder)
    same(row["state"], cell["outcome"], folder)
    same(row["error"], cell.get("error"), folder)
    for name, value in cell["settings"].items():
        same(row[name], value, (folder, name))
    found = {}
    for one in own["scores"].to_dict("records"):
        which, options = one["evaluation"], [None if pd.isna(one[name]) else one[name] for name in OPTIONS]
        key = {"result": (which, one["split"], one["task"], one["metric"]), "training": (which, one["step"], one["task"]),
               "further": (which, *options, one["task"], one["metric"])}[which]
        found[key] = one["score"]
        same(one["method"], cell["settings"]["method"], folder)
    wanted = scores_of(folder)
    assert found.keys() == wanted.keys(), (folder, found.keys() ^ wanted.keys())
    for key, value in wanted.items():
        same(found[key], value, (folder, key))
    results = own["evaluations"][own["evaluations"]["evaluation"] == "result"]
    assert len(results) == (1 if cell["outcome"] == "finished" else 0), folder
    for one in results.to_dict("records"):
        same(one["average"], cell["average"], folder)
        mains = own["scores"].query("evaluation == 'result' and main")["score"]
        assert math.isclose(one["average"], mains.mean(), rel_tol=1e-12), (folder, one["average"], mains)
    recorded = lines(folder / "metrics.jsonl")
    assert len(own["steps"]) == len(recorded), folder
    for line, one in zip(recorded, own["steps"].to_dict("records")):
        for name in ("step", "epoch", "loss", "grad_norm", "seconds"):
            same(one[name], line[name], (folder, name))
        for name in ("lr", "task_losses", "grad_norms", "tasks"):
            for part, value in line[name].items():
                same(one[f"{name}.{part}"], value, (folder, name, part))
print(f"{compared} values are the same")
