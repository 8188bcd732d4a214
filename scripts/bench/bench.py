"""Runs the parts of the benchmark and prints the table of their ratios; see run.sh."""

import datetime
import json
import os
import pathlib
import sys
import tempfile

import parts
from inputs import Inputs

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "runs" / "bench"


def data_folder():
    if "DATA" in os.environ:
        return pathlib.Path(os.environ["DATA"]).resolve()
    shared = ROOT.parent / "shared" / "data"
    return shared if shared.is_dir() else ROOT / "tests" / "fixtures" / "rows"


def main():
    names = sys.argv[1:] or list(parts.PARTS)
    unknown = [name for name in names if name not in parts.PARTS]
    if unknown:
        sys.exit(f"bench: no part '{unknown[0]}'; there are {', '.join(parts.PARTS)}")
    rounds = int(os.environ.get("ROUNDS", "5"))
    rows = []
    with tempfile.TemporaryDirectory(prefix="compt-bench-") as folder:
        inputs = Inputs(ROOT, pathlib.Path(folder), data_folder())
        print(f"bench: {os.environ['OMP_NUM_THREADS']} threads, {rounds} rounds, "
              f"rows of {inputs.data.name}", flush=True)
        for name in names:
            for row in parts.PARTS[name](inputs, rounds):
                print(f"  {row.text()}", flush=True)
                rows.append(row)
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{datetime.datetime.now():%Y-%m-%dT%H-%M-%S}.json"
    path.write_text(json.dumps([row.record() for row in rows], indent=2) + "\n")
    print()
    print("\n".join(row.text() for row in rows))
    print(f"\nwritten to {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
