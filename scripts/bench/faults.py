#!/usr/bin/env python3
"""Kills and fails every system call by which compt changes files, and looks at what is left.

A checkpoint is saved over another one, an adapter of peft is replaced, a run is tagged and deleted, a report and a
plan are written again. strace kills the program at the first, second ... call of each kind, then lets that call fail
(disk full, input/output error). Afterwards each file is the old one or the new one, files that belong together are of
one version, and no other file has changed.

  python3 scripts/bench/faults.py                 every call, 10 to 20 minutes
  python3 scripts/bench/faults.py --quick         some calls of each operation

Exit code 77: there is no strace, or it may not trace.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Kinds of calls that change files, and the opening of files.
CALLS = [
    "openat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "fchmod", "fchmodat", "chmod", "rename", "renameat",
    "renameat2", "link", "linkat", "symlink", "symlinkat", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "copy_file_range",
    "flock",
]
INJECTIONS = ["signal=SIGKILL", "error=ENOSPC", "error=EIO"]
# Names that interrupted writes leave; nothing reads them.
LEFT = re.compile(r"\.tmp-compt-|\.compt-deleted-|\.compt-old$")

RUN = """
local compt = require "compt"
local t = compt.trainer {
  backbone = compt.backbone "micro", steps = 3, progress = false, placement = "prepend", seed = SEED,
  tasks = compt.tasks("micro", { tasks = { "sentiment" }, shots = 4, seed = 1, max_test = 4 }),
  method = compt.methods.pt { length = SEED },
}
t:run()
t:evaluate "test"
"""
SAVE = """
local compt = require "compt"
local t = compt.trainer {
  backbone = compt.backbone "micro", steps = 3, progress = false,
  tasks = compt.tasks("micro", { tasks = { "sentiment" }, shots = 4, seed = 1, max_test = 4 }),
  method = compt.methods.pt { length = 2 },
}
t:save "kept.safetensors"
"""
GRID = """
local compt = require "compt"
compt.ablate { grid = { x = compt.args.x }, run = function(s) return { average = s.x } end }
"""


def tree(folder):
    """The content of every file that is not a leftover, by its path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not any(LEFT.search(part) for part in path.relative_to(folder).parts):
            found[name] = path.read_bytes()
    return found


def is_checkpoint(content):
    if len(content) < 8:
        return False
    length = int.from_bytes(content[:8], "little")
    try:
        header = json.loads(content[8 : 8 + length])
    except ValueError:
        return False
    ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    return len(content) == 8 + length + max(ends, default=0)


def is_page(content):
    return content.rstrip().endswith(b"</html>") and b"<title>new</title>" in content


class Operation:
    """A command, and the files that it replaces together; `whole` says whether a new file is complete."""

    def __init__(self, name, command, files, whole=None):
        self.name, self.command, self.files, self.whole = name, command, files, whole

    def fault(self, before, after, wanted):
        """What is wrong, or None."""
        old = {name: before.get(name) for name in self.files}
        new = {name: wanted.get(name) for name in self.files}
        now = {name: after.get(name) for name in self.files}
        is_new = all(now[name] == new[name] for name in self.files)
        if self.whole and not is_new:
            is_new = all(now[name] is not None and self.whole(now[name]) for name in self.files)
        if now != old and not is_new:
            return "half: " + ", ".join(name for name in self.files if now[name] != old[name])
        mine = set(self.files)
        lost = [name for name in before if name not in mine and after.get(name) != before[name]]
        return "lost: " + ", ".join(lost) if lost else None


def prepared(compt, folder):
    """A folder with two runs, an adapter, a checkpoint, a report and a plan; gives the operations."""

    def run(*arguments):
        done = subprocess.run([compt, *arguments], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    for seed in (1, 2):
        (folder / "run.lua").write_text(RUN.replace("SEED", str(seed)))
        run("run", "run.lua", "--out", f"runs/{seed}")
    (folder / "save.lua").write_text(SAVE)
    run("run", "save.lua")
    (folder / "grid.lua").write_text(GRID)
    run("prompts", "export", "runs/1:sentiment", "adapter")
    (folder / "adapter/README.md").write_text("mine")
    run("report", "runs", "-o", "page.html", "--title", "old")
    run("sweep", "plan", "grid.lua", "--set", "x=[1,2]", "--out", "grid", "--plan", "plan.jsonl")
    run("runs", "tag", "good", "runs/1")
    adapter = ["adapter/adapter_config.json", "adapter/adapter_model.safetensors"]
    of_second = [name for name in tree(folder) if name.startswith("runs/2/")]
    plan = ["sweep", "plan", "grid.lua", "--set", "x=[1,2,3]", "--out", "grid", "--plan", "plan.jsonl", "--replan"]
    return [
        Operation("tag", ["runs", "tag", "better", "runs/1"], ["runs/1/tags.json"]),
        Operation("delete", ["runs", "delete", "runs/2", "--yes"], of_second),
        Operation("export", ["prompts", "export", "runs/2:sentiment", "adapter", "--overwrite"], adapter),
        Operation("save", ["run", "save.lua", "--seed", "2"], ["kept.safetensors"], is_checkpoint),
        Operation("report", ["report", "runs", "-o", "page.html", "--title", "new"], ["page.html"], is_page),
        Operation("plan", plan, ["plan.jsonl"]),
    ]


def traced(compt, folder, command, options):
    strace = ["strace", "-f", "-qq", "-o", str(folder.parent / "log"), *options]
    try:
        subprocess.run(strace + [compt, *command], cwd=folder, capture_output=True, timeout=120)
    except subprocess.TimeoutExpired:
        return "it hangs"
    return None


def counts(compt, folder, command):
    """How often each call is made."""
    traced(compt, folder, command, ["-e", "trace=" + ",".join("?" + call for call in CALLS)])
    found = {}
    for line in (folder.parent / "log").read_text(errors="replace").splitlines():
        name = re.match(r"\d+\s+(\w+)\(", line)
        if name:
            found[name.group(1)] = found.get(name.group(1), 0) + 1
    return found


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--compt", default=str(ROOT / "target/release/compt"))
    options.add_argument("--quick", action="store_true")
    options.add_argument("--only", help="an operation")
    given = options.parse_args()
    can_trace = shutil.which("strace") and subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True)
    if not can_trace or can_trace.returncode != 0:
        print("there is no strace, or it may not trace")
        sys.exit(77)
    faults = total = 0
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        template = work / "template"
        template.mkdir()
        for operation in prepared(given.compt, template):
            if given.only in (None, operation.name):
                wrong, number = endured(given, work, template, operation)
                faults, total = faults + wrong, total + number
    print(f"{total} calls killed or failed: {faults} lost or half")
    sys.exit(1 if faults else 0)


def endured(given, work, template, operation):
    def fresh():
        folder = work / "now"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder)
        return folder

    before = tree(template)
    folder = fresh()
    done = subprocess.run([given.compt, *operation.command], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    wanted = tree(folder)
    assert any(wanted.get(name) != before.get(name) for name in operation.files), operation.name
    made = counts(given.compt, fresh(), operation.command)
    wrong = number = 0
    for call, count in sorted(made.items()):
        places = range(1, count + 1)
        if given.quick:
            # Opening is mostly that of libraries.
            places = [] if call in ("openat", "flock") else [n for n in places if n > count - 3]
        for place in places:
            for what in INJECTIONS[:2] if given.quick else INJECTIONS:
                folder = fresh()
                inject = ["-e", f"trace={call}", "-e", f"inject={call}:{what}:when={place}"]
                fault = traced(given.compt, folder, operation.command, inject)
                fault = fault or operation.fault(before, tree(folder), wanted)
                number += 1
                if fault:
                    wrong += 1
                    print(f"{operation.name}: {call} {place}, {what}: {fault}")
    print(f"{operation.name}: {number} calls killed or failed, {wrong} lost or half")
    return wrong, number


if __name__ == "__main__":
    main()
