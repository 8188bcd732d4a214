"""The part `load`: reading a checkpoint, time compared with a plain read, memory compared with the model."""

import pathlib
import sys
import threading
import time

from sides import Row, Side, alternate, figure

READER = [sys.executable, pathlib.Path(__file__).with_name("reader.py")]
BYTES = {"float32": 4, "bfloat16": 2}


def anonymous_bytes(process):
    """Anonymous memory of the process, without the mapped checkpoint."""
    with open(f"/proc/{process.pid}/status") as status:
        line = next(line for line in status if line.startswith("RssAnon:"))
    return int(line.split()[1]) * 1024


class Peak:
    """The peak of the anonymous memory of a process over its start value, sampled every millisecond."""

    def __init__(self, process):
        self.process, self.done = process, threading.Event()
        self.before = self.most = anonymous_bytes(process)
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.done.is_set():
            self.most = max(self.most, anonymous_bytes(self.process))
            time.sleep(0.001)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        self.growth = max(self.most, anonymous_bytes(self.process)) - self.before


def load(inputs, rounds):
    """T5-base without its tokenizer, float32 on disk, from a warm cache."""
    folder = inputs.folder / "weights"
    folder.mkdir()
    for name in ["config.json", "model.safetensors"]:
        (folder / name).symlink_to(inputs.checkpoint / name)
    file = folder / "model.safetensors"
    parameters = file.stat().st_size // BYTES["float32"]
    script = inputs.script("load.lua", model=folder)
    for dtype, size in BYTES.items():
        with Side(script) as ours:
            resident = ours.peak_bytes()
            with Peak(ours.process) as peak:
                ours.ask("load", dtype)
            resident = ours.peak_bytes() - resident
        model = parameters * size
        detail = (f"{figure(peak.growth / 2**20)} MiB of memory, {figure(resident / 2**20)} MiB with mapped "
                  f"pages, for a model of {figure(model / 2**20)} MiB")
        yield Row(f"load, {dtype}: peak memory over the model", peak.growth / model, 1.2, at_least=False,
                  detail=detail)
        yield Row(f"load, {dtype}: the same with mapped pages", resident / model, 1.2, at_least=False)
    with Side(script) as ours, Side([*READER, file]) as reader:
        times = alternate(rounds, {
            "float32": (ours, "load", "float32"), "read": (reader, "read"),
            "bfloat16": (ours, "load", "bfloat16"),
        })
    for dtype in BYTES:
        ratio = times[dtype].median / times["read"].median
        detail = f"{times[dtype]}, plain read {times['read']}"
        yield Row(f"load, {dtype}: time over a plain read", ratio, 1.5, at_least=False, detail=detail)
