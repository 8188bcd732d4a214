"""The operations of a training step: leaf operations on a CPU, as CUDA would run them, and values read by the host."""

import os
import shutil
import subprocess

import torch

from sides import Row

HERE = os.path.dirname(os.path.abspath(__file__))
SHORT, LONG = 4, 14


def recorder(folder):
    """The library that counts, compiled against the headers of LIBTORCH."""
    home = os.environ.get("LIBTORCH") or os.path.dirname(torch.__file__)
    library = folder / "leaf_ops.so"
    includes = [f"-I{home}/include", f"-I{home}/include/torch/csrc/api/include"]
    subprocess.run(["g++", "-O1", "-DNDEBUG", "-std=c++17", "-shared", "-fPIC", *includes, f"{HERE}/leaf_ops.cpp", "-o", library,
                    f"-L{home}/lib", "-lc10", "-ltorch_cpu", f"-Wl,-rpath,{home}/lib"], check=True)
    return library


def read(path):
    """Operation -> (on a CPU, as on CUDA)."""
    lines = (line.rsplit("\t", 2) for line in path.read_text().splitlines())
    return {name: (int(cpu), int(cuda)) for name, cpu, cuda in lines}


def count(inputs, library, fused, **options):
    """Operation -> counts of one step, the difference of a short and a long run."""
    counts = []
    for steps in (SHORT, LONG):
        path = inputs.folder / "leaf_ops.txt"
        command = [str(part) for part in inputs.script("launches.lua", steps=steps, **options)]
        environment = dict(os.environ, LD_PRELOAD=str(library), LEAF_OPS=str(path), OMP_NUM_THREADS="1")
        if fused:
            environment["COMPT_FUSED_OPERATORS"] = "1"
        subprocess.run(command, check=True, capture_output=True, env=environment)
        counts.append(read(path))
        path.unlink()
    short, long = counts
    steps = LONG - SHORT
    return {name: tuple((b - a) / steps for a, b in zip(short.get(name, (0, 0)), of)) for name, of in long.items()}


def launches(inputs, _rounds):
    """Operations of one SSUM step: T5 of 12 + 12 layers, 8 tasks, batches of 20."""
    if not shutil.which("g++"):
        print("  launches: left out, it needs g++", flush=True)
        return
    library = recorder(inputs.folder)
    separate = count(inputs, library, False, dropout=0.1)
    dropped = count(inputs, library, True, dropout=0.1)
    plain = count(inputs, library, True, dropout=0)

    def row(what, counts, column, required):
        operations = {name: of[column] for name, of in counts.items() if name != "read"}
        most = sorted(operations, key=operations.get, reverse=True)[:8]
        detail = ", ".join(f"{name.removeprefix('aten::')} {operations[name]:.0f}" for name in most)
        return Row(f"launches: {what}", sum(operations.values()), required, at_least=False, detail=detail)

    yield row("on a CPU, dropout 0.1", separate, 0, 3000)
    yield row("as CUDA, dropout 0.1", dropped, 1, 2000)
    yield row("as CUDA, dropout 0", plain, 1, 1500)
    reads = separate.get("read", (0, 0))[0]
    yield Row("launches: values read by the host", reads, 1, at_least=False)
