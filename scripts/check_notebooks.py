"""Runs the notebooks of examples/notebooks through nbclient and compares the kinds of their outputs with what they show.

    python scripts/check_notebooks.py --compt target/release/compt [--write] [NOTEBOOK ...]

The tests run it in the quick form (`compt.args.quick`). `--write` runs them in full and stores their outputs in the files.
Packages: nbclient 0.11.0, nbformat 5.11.1, jupyter_client 8.10.0.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "examples/notebooks"
LARGEST = 200_000
# Absolute paths, which name a machine: behind a space, a quote or a bracket, so that no end tag or fraction is one.
PATHS = re.compile(r"""[\s"'(=]/(?:root|home|tmp|dev|work|usr|var|Users|mnt)/""")


def install(compt, folder, options):
    """Installs the kernel into a folder, with options of a session."""
    prefix = Path(folder) / "prefix"
    prefix.mkdir()
    subprocess.run([compt, "kernel", "install", "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    path = prefix / "share/jupyter/kernels/compt/kernel.json"
    kernel = json.loads(path.read_text())
    kernel["argv"] += options
    path.write_text(json.dumps(kernel))
    os.environ["JUPYTER_PATH"] = str(prefix / "share/jupyter")
    os.environ["JUPYTER_RUNTIME_DIR"] = str(Path(folder) / "runtime")
    os.environ["COMPT_HISTORY"] = ""
    os.environ["IPYTHONDIR"] = folder


def kinds(notebook):
    """The kinds of the outputs of each cell, and the types of their data."""

    def kind(output):
        return (output.output_type, getattr(output, "name", ""), *sorted(output.get("data", {})))

    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [[kind(output) for output in cell.outputs] for cell in cells]


def problems(path, notebook):
    """What a committed notebook must not have, and must have."""
    text = path.read_text()
    if len(text.encode()) > LARGEST:
        yield f"it has {len(text.encode())} bytes, and may have {LARGEST}"
    for found in PATHS.findall(text.replace("\\n", "\n").replace('\\"', '"')):
        yield f"it names a folder of a machine: {found.strip()}"
    for number, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), 1):
        if cell.execution_count != number:
            yield f"cell {number} has the number {cell.execution_count}: run it with --write"
        is_wanted = "raises-exception" in cell.metadata.get("tags", [])
        if is_wanted != any(output.output_type == "error" for output in cell.outputs):
            yield f"cell {number} shows {'no' if is_wanted else 'an'} error"


def check(path, write):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    shown = kinds(notebook)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(notebook, timeout=600, kernel_name="compt", record_timing=False)
        client.resources = {"metadata": {"path": folder}}
        client.execute()
    if write:
        nbformat.write(notebook, path)
        shown = kinds(notebook)
    found = list(problems(path, nbformat.read(path, as_version=4)))
    for number, (a, b) in enumerate(zip(shown, kinds(notebook)), 1):
        # What is printed while it trains depends on time.
        a, b = ([kind for kind in cell if kind[0] != "stream"] for cell in (a, b))
        if a != b:
            found.append(f"cell {number} shows {a}, and gives {b}")
    for what in found:
        print(f"{path.name}: {what}", file=sys.stderr)
    print(f"{path.name}: {len(shown)} cells, {path.stat().st_size} bytes")
    return not found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compt", default="target/release/compt")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("notebooks", nargs="*", type=Path)
    options = parser.parse_args()
    notebooks = options.notebooks or sorted(FOLDER.glob("*.ipynb"))
    with tempfile.TemporaryDirectory() as folder:
        install(str(Path(options.compt).resolve()), folder, [] if options.write else ["--set", "quick=true"])
        passed = [check(path, options.write) for path in notebooks]
    sys.exit(not (passed and all(passed)))


if __name__ == "__main__":
    main()
