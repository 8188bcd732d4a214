"""How many of PyTorch's own sample calls give the same in compt: prints the figure by operator and in
total, and what is refused and why.

`op_db`, the operator database of PyTorch's tests, has sample inputs for every operator. This takes the
first 60 float32 samples on the CPU of each entry for an operator that compt names (in
`stdlib/meta/compt/torch.lua`; int64 where it takes no float32; in-place forms, too), writes each as a line of Lua by the rule below, runs them in compt, and compares dtypes, shapes, values
and, where it is differentiable, the gradients of sum(cos(1..n) * output).

The rule: `f(input, args, **kwargs)` becomes `torch.f(input, args, { kwargs })`, every second sample
`input:f(args, { kwargs })` where there is such a method. Arguments stay by position or by name as they
are in the sample. Dimensions and positions (DIMS, POSITIONS, FOUND) count from 1, negative ones from the
end; a tuple is a list, None is nil. What cannot be said in Lua (complex numbers, dtypes that compt has
not, sparse layouts, memory formats, objects of Python) is counted apart and named.

    python scripts/op_db.py                   the figure (torch 2.11, expecttest 0.3, scipy is not needed)
    python scripts/op_db.py --fixture         writes tests/golden/op_db.lua, a part of the samples for the tests
"""

import argparse
import collections
import math
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import warnings

import numpy
import torch
from torch.testing._internal.common_methods_invocations import op_db

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIMIT = 60
SEED = 42  # the one with which the database calls random operators
DTYPES = {torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.int32, torch.uint8, torch.bool}

# Operators whose name is a word of Lua, or which are another one there.
NAMES = {"repeat": "tile"}
# Positional parameters after the input, where one of them is a dimension or a position.
PARAMS = {
    **dict.fromkeys("sum mean prod amax amin argmax argmin any all max min median logsumexp".split(), "dim keepdim"),
    **dict.fromkeys("std var std_mean var_mean".split(), "dim unbiased keepdim"),
    **dict.fromkeys("softmax log_softmax cumsum squeeze unsqueeze unbind sort argsort".split(), "dim"),
    **dict.fromkeys("split chunk kthvalue topk".split(), "k dim"),
    **dict.fromkeys("index_select gather scatter scatter_add index_add select".split(), "dim index"),
    **dict.fromkeys("index_add_ scatter_ scatter_add_".split(), "dim index"),
    "permute": "dim*", "flip": "dim*", "transpose": "dim0 dim1", "narrow": "dim start", "roll": "shifts dims",
    "flatten": "start_dim end_dim", "diagonal": "offset dim1 dim2", "norm": "p dim", "linalg.norm": "ord dim",
    "cat": "dim", "stack": "dim", "quantile": "q dim", "repeat_interleave": "repeats dim", "normalize": "p dim",
    "take_along_dim": "indices dim", "unique": "sorted return_inverse return_counts dim", "cosine_similarity": "x2 dim",
}
DIMS = {"dim", "dims", "dim0", "dim1", "dim2", "start_dim", "end_dim"}
POSITIONS = {"index", "start", "indices"}
# Operators whose results, or those after the first, are positions.
FOUND = {"argmax", "argmin", "argsort", "nonzero", "argwhere", "multinomial", "randperm"}
FOUND_SECOND = {"max", "min", "sort", "topk", "median", "kthvalue"}
# The order of arguments in a call, where the database has another one.
ORDER = {"where": lambda x, args: [args[0], x, *args[1:]], "einsum": lambda x, args: [*args, x]}
# What the database calls in place of the operator by mistake, and variants that call several operators.
FUNCTIONS = {"rand_like": torch.rand_like}
COMPOSED = {("linalg.pinv", "singular")}
UNINITIALISED = {"empty", "empty_like"}


class Absent(Exception):
    """An argument that does not exist in Lua."""


def known():
    """The functions and methods of compt."""
    text = (ROOT / "stdlib/meta/compt/torch.lua").read_text()
    functions = {m[1] for m in re.finditer(r"^function (?:torch\.)?((?:linalg\.)?\w+)\(", text, re.M)}
    return functions, set(re.findall(r"^function Tensor:(\w+)\(", text, re.M))


class Call:
    """A sample as an expression of Lua over the tensors in the list `a`."""

    def __init__(self, name):
        self.name, self.tensors = name, []

    def tensor(self, t, position=False):
        if t.is_complex() or t.dtype not in DTYPES:
            raise Absent(str(t.dtype))
        if t.layout != torch.strided:
            raise Absent(str(t.layout))
        t = t.detach() + (t >= 0) if position else t
        self.tensors.append(t)
        return f"a[{len(self.tensors)}]"

    def value(self, v, param=""):
        dim, position = param in DIMS, param in POSITIONS
        if isinstance(v, torch.Tensor):
            return self.tensor(v, position)
        if v is None:
            return "nil"
        if isinstance(v, bool):
            return str(v).lower()
        if isinstance(v, int):
            return str(v + 1 if (dim or position) and v >= 0 else v)
        if isinstance(v, float):
            return number(v)
        if isinstance(v, str):
            return '"' + v + '"'
        if isinstance(v, torch.dtype):
            if v not in DTYPES:
                raise Absent(str(v))
            return f'"{str(v).removeprefix("torch.")}"'
        if isinstance(v, torch.device):
            return f'"{v}"'
        if isinstance(v, (list, tuple)):
            return "{" + ", ".join(self.value(x, param) for x in v) + "}"
        if isinstance(v, complex):
            raise Absent("a complex number")
        if isinstance(v, (torch.layout, torch.memory_format)):
            raise Absent(str(v))
        raise Absent(f"a {type(v).__name__} of Python")

    def write(self, sample, as_method):
        given = ORDER.get(self.name, lambda x, args: [x, *args])(sample.input, sample.args)
        names = PARAMS.get(self.name, "").split()
        positional = []
        for i, v in enumerate(given):
            param = names[i - 1] if 0 < i <= len(names) else ""
            if names and names[-1].endswith("*") and i > 0:
                param = names[-1][:-1]
            positional.append(self.value(v, param))
        kwargs = {k: self.value(v, k) for k, v in sample.kwargs.items() if v is not None}
        if kwargs:
            positional.append("{ " + ", ".join(f"{lua_name(k)} = {v}" for k, v in kwargs.items()) + " }")
        if as_method and isinstance(given[0], torch.Tensor):
            return f"{positional[0]}:{self.name}({', '.join(positional[1:])})"
        return f"torch.{self.name}({', '.join(positional)})"


def lua_name(name):
    return f'["{name}"]' if name in {"end", "repeat", "and", "or", "not"} else name


def number(x, digits=17):
    if math.isnan(x):
        return "0/0"
    if math.isinf(x):
        return "1/0" if x > 0 else "-1/0"
    text = f"{x:.{digits}g}"
    return text if re.search(r"[.e]", text) else text + ".0"


def outputs_of(result, name, kwargs, args):
    """The results as a flat list of tensors, positions counting from 1."""
    several = isinstance(result, (tuple, list))
    flat = [x if isinstance(x, torch.Tensor) else torch.tensor(x) for x in (result if several else [result])]
    found = range(0)
    if name in FOUND or (name == "where" and several) or (name == "repeat_interleave" and not args and "repeats" not in kwargs):
        found = range(len(flat))
    elif name in FOUND_SECOND and several:
        found = range(1, 2)
    elif name == "unique" and several:
        wanted = dict(zip(["sorted", "return_inverse", "return_counts"], args), **kwargs)
        found = range(1, 2) if wanted.get("return_inverse") else range(0)
    return [x + 1 if i in found else x for i, x in enumerate(flat)]


def case(op, function, name, sample, as_method, differentiable):
    call = Call(name)
    line = call.write(sample, as_method)
    if any(t.numel() > 20000 for t in call.tensors):
        raise Absent("more than 20,000 elements")
    inputs = [t.detach().clone() for t in call.tensors]
    torch.manual_seed(SEED)
    result = function(sample.input, *sample.args, **sample.kwargs)
    outputs = outputs_of(result, name, sample.kwargs, sample.args)
    for output in outputs:
        if output.is_complex() or output.dtype not in DTYPES:
            raise Absent(f"a result of {output.dtype}")
    grads = None
    roots = [x for x in outputs if x.requires_grad]
    leaves = [t for t in call.tensors if t.requires_grad]
    if differentiable and roots and leaves:
        loss = sum((torch.cos(torch.arange(1, x.numel() + 1.0)) * x.float().flatten()).sum() for x in roots)
        found = iter(torch.autograd.grad(loss, leaves, allow_unused=True))
        grads = [next(found) if t.requires_grad else None for t in call.tensors]
        grads = None if all(g is None for g in grads) else grads
    return {
        "op": name, "lua": line, "inputs": inputs, "outputs": [x.detach() for x in outputs], "grads": grads,
        "shapes": name in UNINITIALISED,
    }


def samples(op, differentiable):
    torch.manual_seed(SEED), random.seed(SEED), numpy.random.seed(SEED)
    found = []
    dtype = torch.float32 if op.supports_dtype(torch.float32, "cpu") else torch.int64
    leaf = lambda t: t.detach().clone().requires_grad_(t.requires_grad) if isinstance(t, torch.Tensor) else t
    for sample in op.sample_inputs("cpu", dtype, requires_grad=differentiable):
        found.append(sample.transform(leaf))
        if len(found) == LIMIT:
            break
    return found


def collect():
    functions, methods = known()
    cases, absent, refused_there = [], collections.Counter(), collections.Counter()
    seen = set()
    for op in op_db:
        base = NAMES.get(op.name, op.name.removeprefix("nn.functional."))
        if not any(op.supports_dtype(dtype, "cpu") for dtype in (torch.float32, torch.int64)):
            continue
        differentiable = op.supports_autograd and op.supports_dtype(torch.float32, "cpu") and not base.endswith("_")
        forms = [(base, FUNCTIONS.get(base, op.op), differentiable)]
        if op.inplace_variant is not None:
            forms.append((base + "_", op.inplace_variant, False))
        for name, function, differentiable in forms:
            if name not in functions | methods:
                continue
            seen.add(name)
            for i, sample in enumerate(samples(op, differentiable)):
                if (base, op.variant_test_name) in COMPOSED:
                    absent[(name, "several operators in one sample")] += 1
                    continue
                as_method = name in methods and (name not in functions or i % 2 == 1)
                try:
                    cases.append(case(op, function, name, sample, as_method, differentiable))
                except Absent as why:
                    absent[(name, str(why))] += 1
                except Exception as why:  # PyTorch itself refuses, as in-place forms that would broadcast
                    refused_there[(name, str(why).splitlines()[0][:90])] += 1
    return cases, absent, refused_there, sorted((functions | methods) - seen)


def plain(t, digits):
    dtype = str(t.dtype).removeprefix("torch.")
    values = t.detach().flatten().tolist()
    write = (lambda x: number(x, digits)) if t.dtype.is_floating_point else (lambda x: str(x).lower())
    shape = ",".join(map(str, t.shape))
    return f'{{dtype="{dtype}",shape={{{shape}}},data={{{",".join(map(write, values))}}}}}'


def as_lua(c):
    quoted = "[==[" + c["lua"] + "]==]" if '"' in c["lua"] else '"' + c["lua"] + '"'
    parts = [f"lua={quoted}", "inputs={" + ",".join(plain(t, 9) for t in c["inputs"]) + "}"]
    parts.append("outputs={" + ",".join(plain(t, 8) for t in c["outputs"]) + "}")
    if c["grads"] is not None:
        parts.append("grads={" + ",".join("false" if g is None else plain(g, 8) for g in c["grads"]) + "}")
    if c["shapes"]:
        parts.append("shapes=true")
    return "{" + ",".join(parts) + "}"


def as_file(cases, head=""):
    return head + "return {\n" + "".join(as_lua(c) + ",\n" for c in cases) + "}\n"


def verdicts(cases, program):
    """The verdict of compt by the number of the case: `refused` or `differs`, and why."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for start in range(0, len(cases), 500):
            (folder / "cases.lua").write_text(as_file(cases[start:start + 500]))
            (folder / "run.lua").write_text(
                f'local check = dofile("{ROOT}/tests/golden/tensor_ops.lua")\n'
                'for _, line in ipairs(check(dofile("cases.lua"))) do print((line:gsub("\\n", " "))) end\n')
            run = subprocess.run([program, "run", "run.lua"], cwd=folder, capture_output=True, text=True)
            if run.returncode != 0:
                sys.exit(f"{program}: {run.stdout[-2000:]}{run.stderr[-2000:]}")
            for line in filter(None, run.stdout.splitlines()):
                at, kind, why = line.split("\t", 2)
                found[start + int(at) - 1] = (kind, why)
    return found


def small(cases):
    """Some cases of each operator: the smallest of each way to call it."""
    chosen = []
    by_op = collections.defaultdict(list)
    for c in cases:
        by_op[c["op"]].append(c)
    for op in sorted(by_op):
        ways = {}
        for c in by_op[op]:
            way = re.sub(r"-?\d+(\.\d+)?", "0", c["lua"]) + str(c["grads"] is None)
            size = len(as_lua(c))
            tame = all(g is None or not g.numel() or g.abs().max() < 100 for g in c["grads"] or [])
            if tame and size < 6000 and (way not in ways or size < ways[way][0]):
                ways[way] = (size, c)
        chosen += [c for _, c in sorted(ways.values(), key=lambda pair: pair[0])[:8]]
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "target/release/compt"))
    parser.add_argument("--fixture", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    cases, absent, refused_there, without = collect()
    found = verdicts(cases, options.program)
    if options.fixture:
        head = (
            "-- Sample calls of PyTorch's operator database with their values and gradients. Written by\n"
            f"-- `python scripts/op_db.py --fixture` with torch {torch.__version__.split('+')[0]}.\n")
        equal = [c for i, c in enumerate(cases) if i not in found]
        path = ROOT / "tests/golden/op_db.lua"
        path.write_text(as_file(small(equal), head))
        print(f"{len(small(equal))} cases, {path.stat().st_size} bytes in {path}")
        return
    table = collections.defaultdict(collections.Counter)
    for i, c in enumerate(cases):
        table[c["op"]][found.get(i, ("equal",))[0]] += 1
    for op, counts in sorted(table.items()):
        print(f"{op:40} " + "  ".join(f"{k} {counts[k]:3}" for k in ("equal", "differs", "refused") if counts[k]))
    for kind in ("differs", "refused"):
        print(f"\n{kind}:")
        for i, (of, why) in sorted(found.items()):
            if of == kind:
                print(f"  {why[:300]}")
    print("\nnot in Lua:")
    for (name, why), n in sorted(absent.items()):
        print(f"  {n:3} {name}: {why}")
    print("\nrefused by PyTorch itself:")
    for (name, why), n in sorted(refused_there.items()):
        print(f"  {n:3} {name}: {why}")
    print(f"\nwithout samples: {' '.join(without)}")
    total = collections.Counter(found.get(i, ("equal",))[0] for i in range(len(cases)))
    print(f"\n{len(table)} operators, {len(cases)} samples: {total['equal']} equal, {total['differs']} differ, "
          f"{total['refused']} refused ({100 * total['equal'] / len(cases):.1f} % equal); "
          f"{sum(absent.values())} more cannot be said in Lua")


if __name__ == "__main__":
    main()
