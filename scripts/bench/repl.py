"""The prompt's figures, on a pseudo-terminal: time to the first prompt, Ctrl-C at random moments,
memory over a long session. Standard library only.

    python3 scripts/bench/repl.py [--presses 500] [--expressions 10000] [COMPT]
"""

import argparse
import os
import pty
import random
import select
import statistics
import sys
import time

PROMPT = "> "
# Code to interrupt: several Lua loops, and steps of a run.
LOOPS = [
    "while true do end",
    "while true do pcall(function() while true do end end) end",
    "coroutine.wrap(function() while true do end end)()",
    "local x = torch.ones(64, 64) while true do x = x:matmul(x) * 0 + 1 end",
    "while true do pcall(torch.ones, 3) end",
    "local s = 0 for i = 1, math.huge do s = s + #tostring(i) end",
]
RUN = "t:run()"
TRAINER = (
    "t = compt.trainer { backbone = compt.backbone 'micro', method = compt.methods.ssum {}, "
    "steps = 100000, progress = false, "
    "tasks = compt.tasks('micro', { shots = 4, max_test = 2 }) }"
)


class Session:
    def __init__(self, compt):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            environment = dict(os.environ, COMPT_HISTORY="", NO_COLOR="1", OMP_NUM_THREADS="1")
            os.execve(compt, [compt, "repl"], environment)
        self.seen = ""

    def press(self, keys):
        os.write(self.terminal, keys.encode())

    def until(self, text, patience=60):
        """Everything up to and including `text`."""
        end = time.monotonic() + patience
        while text not in self.seen:
            ready, _, _ = select.select([self.terminal], [], [], 0.5)
            if ready:
                self.seen += os.read(self.terminal, 65536).decode(errors="replace")
            if time.monotonic() > end:
                sys.exit(f"no {text!r} in {self.seen[-500:]!r}")
        shown, self.seen = self.seen.split(text, 1)
        return shown

    def run(self, code):
        """Types code and waits until it is done; what it printed."""
        self.press(f"{code}; print('do' .. 'ne')\r")
        return self.until("done\r\n")

    def number(self, code):
        shown = self.run(f"print('va' .. 'lue', {code})")
        return float(shown.split("value\t")[1].split()[0])

    def resident(self):
        with open(f"/proc/{self.pid}/status") as status:
            line = next(line for line in status if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def leave(self):
        self.press("\x04")
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def start(compt):
    begun = time.monotonic()
    session = Session(compt)
    session.until(PROMPT)
    return session, time.monotonic() - begun


def first_prompt(compt):
    times = []
    for _ in range(10):
        session, seconds = start(compt)
        times.append(1000 * seconds)
        session.leave()
    print(f"start to first prompt: median {statistics.median(times):.0f} ms, "
          f"slowest {max(times):.0f} ms (limit 300)")


def presses(compt, count):
    chance = random.Random(1)
    session, _ = start(compt)
    session.run(TRAINER)
    session.run("kept = {}")
    loops, runs, lost = [], [], 0
    for i in range(count):
        session.run(f"kept[{i + 1}] = {i}")
        steps = session.number("t.steps")
        code = RUN if chance.random() < 0.2 else chance.choice(LOOPS)
        session.press(f"print('g' .. 'o') {code}\r")
        session.until("go\r\n")
        time.sleep(chance.uniform(0, 0.2))
        pressed = time.monotonic()
        session.press("\x03")
        session.until("interrupted")
        took = 1000 * (time.monotonic() - pressed)
        (runs if code == RUN else loops).append(took)
        if session.number("#kept") != i + 1 or session.number("t.steps") < steps:
            lost += 1
    whole = session.number("t:step().step - t.steps") == 0
    print(f"{count} Ctrl-C: {lost} lost state, the trainer goes on: {whole}, "
          f"exit code {session.leave()}")
    for what, times in [("Lua", loops), ("trainer:run, after its step", runs)]:
        times.sort()
        percentile = times[min(len(times) - 1, int(0.99 * len(times)))]
        print(f"  {what}: {len(times)} times, median {statistics.median(times):.0f} ms, "
              f"99th percentile {percentile:.0f} ms, longest {times[-1]:.0f} ms"
              + (" (limit of the percentile 100)" if what == "Lua" else ""))


def memory(compt, count):
    session, _ = start(compt)
    session.run("x = torch.randn(256, 256)")
    sizes, held = [], []
    tenth = count // 10
    for i in range(count):
        session.press("x = (x * 0.5 + 1):softmax(-1); print('o' .. 'k')\r" if i % 2 else "x:sum()\r")
        session.until("ok\r\n" if i % 2 else "tensor[]")
        if i % tenth == tenth - 1:
            sizes.append(session.resident())
            session.run("collectgarbage() collectgarbage()")
            held.append(session.number("torch.stats().live_bytes + 1024 * collectgarbage 'count'"))
    print(f"{count} expressions on tensors, after each tenth: resident MiB "
          + " ".join(f"{size:.0f}" for size in sizes)
          + "; KiB that Lua holds, tensors included "
          + " ".join(f"{size / 1024:.0f}" for size in held))
    session.leave()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("compt", nargs="?", default="target/release/compt")
    parser.add_argument("--presses", type=int, default=500)
    parser.add_argument("--expressions", type=int, default=10000)
    options = parser.parse_args()
    compt = os.path.abspath(options.compt)
    first_prompt(compt)
    presses(compt, options.presses)
    memory(compt, options.expressions)


main()
