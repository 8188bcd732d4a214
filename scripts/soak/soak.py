#!/usr/bin/env python3
"""Trains the built-in micro model for many steps while its control file is edited, and measures the memory.

    scripts/soak/soak.py --steps 1000000      # hours; Ctrl-C ends it and prints what was measured so far

The run evaluates 100 times and writes 1,000 checkpoints. Every two seconds or so the control file is replaced: by a
valid version, by one that is broken, by one that never ends and by one that keeps state. Memory is the resident set
of the process (VmRSS), sampled once per second. Its drift is the median of the last tenth of the samples over the
median of the second tenth; the first tenth is the start. The last line is JSON.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parent.parent / "target" / "release" / "compt"
VERSIONS = [
    "return { temperature = %d + 1 }",
    "return { temperature = function(step) return 1 + step %% (%d + 2) end }",
    "return { temperature = = %d }",
    "return { temperature = function() while true do end end } -- %d",
    "local n = %d return { temperature = function() n = n + 1 return n end }",
    "return { temperature = function() return ('x'):rep(1e9) .. %d end }",
    "return { lr = { source = %d / 1000 } }",
]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--edit-every", type=float, default=2.0, help="seconds")
    parser.add_argument("--program", default=PROGRAM, type=Path)
    return parser.parse_args()


def status(pid, name):
    """A number of /proc/PID/status, or None when the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(name + ":")), None)


def edit(path, number):
    """Replaces the file as editors do, so that a half-written version is never read."""
    new = path.with_suffix(".new")
    new.write_text(VERSIONS[number % len(VERSIONS)] % number + "\n")
    os.replace(new, path)


def main():
    args = arguments()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    shutil.copy(HERE / "study.lua", folder)
    edit(folder / "control.lua", 0)
    log = open(folder / "log", "w")
    command = [args.program, "run", "study.lua", "--set", f"steps={args.steps}", "--out", "run"]
    run = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    samples, threads, edits, began = [], [], 0, time.monotonic()
    edited = began
    try:
        while run.poll() is None:
            time.sleep(1)
            memory = status(run.pid, "VmRSS")
            if memory:
                samples.append(memory)
                threads.append(status(run.pid, "Threads"))
            if time.monotonic() - edited > args.edit_every:
                edits, edited = edits + 1, time.monotonic()
                edit(folder / "control.lua", edits)
    except KeyboardInterrupt:
        run.send_signal(signal.SIGTERM)
        run.wait()
    with open(folder / "run" / "metrics.jsonl") as lines:
        steps = sum(1 for _ in lines)
    tenth = max(1, len(samples) // 10)
    first, last = statistics.median(samples[tenth : 2 * tenth]), statistics.median(samples[-tenth:])
    result = {
        "steps": steps,
        "seconds": round(time.monotonic() - began),
        "edits": edits,
        "exit_code": run.returncode,
        "mib_second_tenth": round(first / 1024, 1),
        "mib_last_tenth": round(last / 1024, 1),
        "drift_percent": round(100 * (last / first - 1), 2),
        "threads_first_and_most": [threads[0], max(threads)],
    }
    print(json.dumps(result))
    ok = run.returncode == 0 and steps == args.steps
    if ok:
        shutil.rmtree(folder)
    else:
        print(f"its files: {folder}", file=sys.stderr)
    return 0 if ok and result["drift_percent"] < 1 else 1


if __name__ == "__main__":
    sys.exit(main())
