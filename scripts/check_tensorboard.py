"""Reads what `compt runs export --tensorboard` wrote with TensorBoard itself, and compares every number.

    pip install tensorboard==2.21.0
    compt runs export runs/ssum --tensorboard logs
    python scripts/check_tensorboard.py logs runs/ssum
"""

import json
import math
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

logs, runs = Path(sys.argv[1]), Path(sys.argv[2])
compared = 0
for metrics in sorted(runs.rglob("metrics.jsonl")):
    run = metrics.parent
    events = EventAccumulator(str(logs / run), size_guidance={"scalars": 0})
    events.Reload()
    scalars = {tag: {e.step: e.value for e in events.Scalars(tag)} for tag in events.Tags()["scalars"]}
    for line in map(json.loads, metrics.read_text().splitlines()):
        wanted = {"loss": line["loss"], "grad_norm": line["grad_norm"]}
        wanted |= {f"lr/{group}": rate for group, rate in line["lr"].items()}
        for tag, value in wanted.items():
            found = scalars[tag][line["step"]]
            assert math.isclose(found, value, rel_tol=1e-6, abs_tol=1e-9), (run, tag, line["step"], found, value)
            compared += 1
        for task, value in line["task_losses"].items():
            assert math.isclose(scalars[f"loss/{task}"][line["step"]], value, rel_tol=1e-6), (run, task)
            compared += 1
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    hparams = HParamsPluginData.FromString(content).session_start_info.hparams
    cell = json.loads((run / "cell.json").read_text())["settings"] if (run / "cell.json").exists() else {}
    for name, value in cell.items():
        if isinstance(value, (int, float, str)):
            found = getattr(hparams[name], hparams[name].WhichOneof("kind"))
            assert found == value, (run, name, found, value)
            compared += 1
    result = json.loads((run / "result.json").read_text()) if (run / "result.json").exists() else {}
    for task, scores in result.get("scores", {}).items():
        for metric, value in scores.items():
            (found,) = scalars[f"test/{task}/{metric}"].values()
            assert math.isclose(found, value, rel_tol=1e-6), (run, task, metric, found, value)
            compared += 1
print(f"{compared} numbers are the same")
