"""The parts of the benchmark: each yields rows of the table."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from safetensors.torch import load_file

from launches import launches
from loading import load
from sides import Row, Side, Timing, alternate, faster, figure
from tokenizing import tokenize

PEER = [sys.executable, pathlib.Path(__file__).with_name("peer.py")]


def our_trainer(inputs, batches, dtype):
    return Side(inputs.script(
        "train.lua", model=inputs.checkpoint, dtype=dtype, prompt=inputs.prompt, batches=batches.lua
    ))


def peer_trainer(inputs, batches, dtype):
    return Side([*PEER, "train", inputs.checkpoint, dtype, inputs.prompt, batches.json])


def gradient(inputs, side, command):
    """The loss and the prompt's gradient of the first step."""
    path = inputs.folder / "gradient.safetensors"
    answer = side.ask(command, path)
    return answer["loss"], load_file(path)["gradient"]


def parity(what, ours, theirs, limit):
    """The larger of the relative differences of the losses and the gradients."""
    (loss, grad), (other_loss, other_grad) = ours, theirs
    of_loss = abs(loss - other_loss) / abs(other_loss)
    of_grad = ((grad - other_grad).abs().max() / other_grad.abs().max()).item()
    detail = f"loss {loss:.6f} and {other_loss:.6f}, off by {of_loss:.1e}; gradient by {of_grad:.1e}"
    return Row(what, max(of_loss, of_grad), limit, at_least=False, detail=detail)


SHARED_LIMIT = "; a limit of both: float32 products of the encoder, near the machine's peak"


def fixed(inputs, rounds):
    """A step on rows of one length."""
    batches = inputs.fixed_batch
    for dtype, speed, limit in [("float32", 1.0, 1e-4), ("bfloat16", 1.15, 0.1)]:
        with our_trainer(inputs, batches, dtype) as ours, peer_trainer(inputs, batches, dtype) as peer:
            same = parity(f"fixed, {dtype}: loss and gradient", gradient(inputs, ours, "gradient"),
                          gradient(inputs, peer, "gradient"), limit)
            times = alternate(rounds, {"ours": (ours, "steps"), "peer": (peer, "steps")})
            memory = ours.peak_bytes(), peer.peak_bytes()
        row = faster(f"fixed, {dtype}: speed", times["ours"], times["peer"], speed)
        if dtype == "float32":
            row.detail += SHARED_LIMIT
        yield row
        detail = "{:.2f} GiB, peer {:.2f} GiB".format(*(n / 2**30 for n in memory))
        yield Row(f"fixed, {dtype}: peak memory", memory[0] / memory[1], 0.9, at_least=False, detail=detail)
        yield same


def real(inputs, rounds):
    """Steps on rows of different length."""
    batches = inputs.real_batches
    with (
        our_trainer(inputs, batches, "float32") as ours,
        our_trainer(inputs, batches, "bfloat16") as ours_bf16,
        our_trainer(inputs, batches, "auto") as ours_auto,
        peer_trainer(inputs, batches, "float32") as peer,
        peer_trainer(inputs, batches, "bfloat16") as peer_bf16,
    ):
        packed = gradient(inputs, ours, "gradient")
        padded = gradient(inputs, ours, "gradient_padded")
        peers = gradient(inputs, peer, "gradient")
        times = alternate(rounds, {
            "ours": (ours, "steps"), "peer": (peer, "steps"), "ours_bf16": (ours_bf16, "steps"),
            "peer_bf16": (peer_bf16, "steps"), "ours_auto": (ours_auto, "steps"),
        })
    note = f"padding {batches.padding:.2f}"
    for what, mine, theirs, required in [
        ("float32", "ours", "peer", 1.8), ("bfloat16", "ours_bf16", "peer_bf16", 1.8),
        ("auto against float32", "ours_auto", "peer", 3.0),
    ]:
        row = faster(f"real, {what}: speed", times[mine], times[theirs], required)
        row.detail += f", {note}"
        yield row
    yield parity("real: packed as padded", packed, padded, 1e-4)
    yield parity("real: packed as the peer's", packed, peers, 1e-4)


def read_answers(path):
    return [line.split("\t") for line in path.read_text().splitlines()]


def as_label(task, text, labels):
    """A prediction as the metrics see it: one of the task's labels, a number, or neither."""
    if task == "stsb":
        return float(text) if re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", text) else None
    return text if text in labels[task] else None


def agreement(what, ours, theirs, alike):
    """The share of rows on which two lists of predictions agree."""
    same = sum(alike(a, b) for a, b in zip(ours, theirs, strict=True))
    return Row(what, same / len(theirs), 1.0, detail=f"{same} of {len(theirs)} rows")


def evaluation(inputs, name, backbone, options, **turns):
    """Evaluates with the peer in float32, and with compt in float32 with whole texts and with the
    defaults. Yields timings and predictions of both, those of the peer last."""
    folder = inputs.folder / name
    folder.mkdir()
    script = lambda dtype: inputs.script(
        "evaluate.lua", backbone=backbone, dtype=dtype, folder=folder, data=inputs.data, **options
    )
    with (
        Side(script("float32")) as ours, Side(script("auto")) as ours_auto,
        Side([*PEER, "evaluate", backbone, "float32", folder]) as peer,
    ):
        commands = {
            "float32, whole texts": (ours, "answers", "full", folder / "full.tsv"),
            "defaults": (ours_auto, "answers", "greedy", folder / "greedy.tsv"),
            "peer": (peer, "answers", folder / "peer.tsv"),
        }
        times = alternate(commands=commands, **turns)
    answers = {name: read_answers(command[-1]) for name, command in commands.items()}
    for what in list(commands)[:2]:
        yield what, times[what], times["peer"], answers[what], answers["peer"]


def evaluate(inputs, rounds):
    """The test rows of eight tasks, decoded. On T5-base, whose weights are random, no row ever ends;
    on the micro backbone, whose prompts are trained, all texts end."""
    for name, backbone, options, turns in [
        ("T5-base", inputs.checkpoint, {"tasks": "glue", "max_test": 40},
         {"rounds": max(1, rounds // 3), "uncounted": 0}),
        ("micro", inputs.micro, {"tasks": "micro", "max_test": 100, "epochs": 30},
         {"rounds": rounds}),
    ]:
        for what, mine, peer, answers, theirs in evaluation(inputs, name, backbone, options, **turns):
            labels = {}
            for task, _, label in answers:
                labels.setdefault(task, set()).add(label)
            alike = {
                "defaults": lambda a, b: as_label(a[0], a[1], labels) == as_label(b[0], b[1], labels),
                "float32, whole texts": lambda a, b: a[1] == b[1],
            }[what]
            row = faster(f"evaluate, {name}, {what}: speed", mine, peer, 3.0)
            if what.startswith("float32"):
                row.detail += SHARED_LIMIT
            yield row
            yield agreement(f"evaluate, {name}, {what}: answers", answers, theirs, alike)


def micro(inputs, rounds):
    """One run of one method, from the start of the process to its end."""
    timing = Timing()
    for turn in range(max(1, rounds // 2)):
        begun = time.perf_counter()
        done = subprocess.run([str(part) for part in inputs.script("micro.lua")],
                              check=True, capture_output=True, text=True)
        timing.seconds.append(time.perf_counter() - begun)
    detail = f"{timing}, average score {float(done.stdout):.1f}"
    yield Row("micro: one run of SSUM, k = 16", timing.median, 30, at_least=False, unit="s", detail=detail)


def policy(inputs, rounds):
    """The cost of schedules as Lua functions and of reading reports, per step."""
    with Side(inputs.script("policy.lua")) as side:
        tiny = alternate(rounds, {"plain": (side, "plain", 500), "policy": (side, "policy", 500)})
        whole = alternate(rounds, {"micro": (side, "micro", 10)})
    plain, added = (tiny[name].median / 500 for name in ["plain", "policy"])
    step = whole["micro"].median / 10
    detail = (f"{figure(1e6 * (added - plain))} us on a tiny step of {figure(1e6 * plain)} us; "
              f"a micro step takes {figure(1e3 * step)} ms")
    share = 100 * (added - plain) / step
    yield Row("policy: share of a micro step", share, 1.0, at_least=False, unit="%", detail=detail)


def seconds(command, **options):
    """Wall-clock seconds of a command."""
    begun = time.perf_counter()
    subprocess.run([str(part) for part in command], check=True, capture_output=True, **options)
    return time.perf_counter() - begun


def busy(inputs, rounds):
    """One run beside a process that keeps a core busy, and beside none, in turn."""
    command = inputs.script("micro.lua")
    alone, beside = Timing(), Timing()
    for _ in range(max(1, rounds // 2)):
        alone.seconds.append(seconds(command))
        other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        try:
            beside.seconds.append(seconds(command))
        finally:
            other.kill()
            other.wait()
    detail = f"{beside}, idle {alone}"
    yield Row("busy: one run of SSUM, to its idle time", beside.median / alone.median, 2.5, at_least=False, detail=detail)


RUNS = 10_000


def start(inputs, rounds):
    """The start of the program, and a list of many runs."""
    program = inputs.script("micro.lua")[0]
    version = Timing([seconds([program, "--version"]) for _ in range(max(5, rounds))])
    yield Row("start: compt --version", 1000 * version.median, 20, at_least=False, unit="ms", detail=str(version))
    runs = inputs.folder / "many"
    one = runs / "run-0"
    code = ("compt.trainer { backbone = compt.backbone 'micro', tasks = compt.tasks('micro', { shots = 1 }), "
            "method = compt.methods.pt { alone = false }, steps = 1, progress = false }:run()")
    seconds([program, "-e", code, "--out", one])
    for index in range(1, RUNS):
        shutil.copytree(one, runs / f"run-{index}", copy_function=os.link)
    listed = Timing([seconds([program, "runs", runs]) for _ in range(max(1, rounds // 2))])
    yield Row(f"start: compt runs, {RUNS} runs", listed.median, 0.5, at_least=False, unit="s", detail=str(listed))


PARTS = {part.__name__: part for part in [fixed, real, evaluate, micro, busy, start, policy, load, tokenize, launches]}
