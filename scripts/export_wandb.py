"""Writes runs of compt as offline runs of Weights & Biases, which `wandb sync` uploads.

    pip install wandb==0.31.0
    python scripts/export_wandb.py runs/table1 --project compt
    wandb sync

wandb cannot upload TensorBoard's event files since version 0.30, so this reads `compt runs` instead: the settings of a
run become its config, each step a line of its history, the scores its summary. Nothing is sent before `wandb sync`.
"""

import argparse
import json
import subprocess

import wandb


def lines(*command):
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("runs", nargs="+", help="folders of runs")
parser.add_argument("--project", default="compt")
parser.add_argument("--dir", help="folder of the offline runs, by default wandb/ in the current one")
parser.add_argument("--compt", default="compt", help="the program, if it is not on the PATH")
options = parser.parse_args()

for run in lines(options.compt, "runs", *options.runs, "--json"):
    if run["state"] not in ("finished", "unfinished", "running", "failed"):
        print(f"{run['path']} is left out: {run['state']}")
        continue
    session = wandb.init(mode="offline", project=options.project, dir=options.dir, name=run["path"],
                         config=run["settings"], tags=run["tags"], reinit="finish_previous")
    for step in lines(options.compt, "runs", "export", run["path"], "--jsonl"):
        # The columns before the step say which run it is.
        names = list(step)
        at = step["step"]
        step = {name: step[name] for name in names[names.index("step") + 1:] if step[name] is not None}
        named = {("loss/" + name[12:] if name.startswith("task_losses.") else name.replace(".", "/", 1)): value
                 for name, value in step.items()}
        session.log(named, step=at)
    session.summary["test/average"] = run["average"]
    for task, scores in (run["scores"] or {}).items():
        for metric, value in scores.items() if isinstance(scores, dict) else [("score", scores)]:
            session.summary[f"test/{task}/{metric}"] = value
    session.finish()
