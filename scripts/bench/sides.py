"""The two sides of a comparison: processes that answer commands, timed in turn."""

import statistics
import subprocess
import time
from dataclasses import dataclass, field


class Side:
    """A process that reads a command a line and answers each with a line of `key=value` pairs.

    Made ready before `__init__` returns, so that what is timed later is the command alone.
    """

    def __init__(self, command):
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ready = self._answer()

    def ask(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def timed(self, *words):
        """Seconds until the answer, and the answer."""
        begun = time.perf_counter()
        answer = self.ask(*words)
        return time.perf_counter() - begun, answer

    def peak_bytes(self):
        """The peak memory of the process."""
        with open(f"/proc/{self.process.pid}/status") as status:
            line = next(line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: {' '.join(self.process.args)} ended early, see above")
        pairs = (pair.split("=", 1) for pair in line.split())
        return {key: float(value) for key, value in pairs}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


@dataclass
class Timing:
    seconds: list = field(default_factory=list)

    @property
    def median(self):
        return statistics.median(self.seconds)

    def __str__(self):
        return f"{figure(self.median)} s ({figure(min(self.seconds))}-{figure(max(self.seconds))})"


def figure(value):
    """Three figures."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def alternate(rounds, commands, uncounted=1):
    """Times `commands`, name -> (side, words ...), in turn, after `uncounted` turns to warm up."""
    timings = {name: Timing() for name in commands}
    for turn in range(uncounted + rounds):
        for name, (side, *words) in commands.items():
            seconds, _ = side.timed(*words)
            if turn >= uncounted:
                timings[name].seconds.append(seconds)
    return timings


@dataclass
class Row:
    """One line of the table: `value` and its requirement."""

    what: str
    value: float
    required: float
    at_least: bool = True
    unit: str = ""
    detail: str = ""

    @property
    def ok(self):
        return self.value >= self.required if self.at_least else self.value <= self.required

    def text(self):
        sign = ">=" if self.at_least else "<="
        unit = f" {self.unit}" if self.unit else ""
        verdict = "ok" if self.ok else f"short by {figure(abs(self.value - self.required))}{unit}"
        value, required = figure(self.value) + unit, f"{sign} {figure(self.required)}{unit}"
        return f"{self.what:<44} {value:>10}   {required:>11}   {verdict:<16} {self.detail}"

    def record(self):
        return {
            "what": self.what, "value": self.value, "required": self.required,
            "at_least": self.at_least, "unit": self.unit, "ok": self.ok, "detail": self.detail,
        }


def faster(what, ours, theirs, required):
    """How many times as fast `ours` is as `theirs`."""
    detail = f"{ours}, peer {theirs}"
    return Row(what, theirs.median / ours.median, required, detail=detail)
