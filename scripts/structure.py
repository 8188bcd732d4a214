#!/usr/bin/env python3
"""Figures of the source tree: crates, rooms, arrows, circles, long functions, lines.

    scripts/structure.py [--root FOLDER] [--svg FILE] [--arrows]

A crate is a folder below src/ with a lib.rs or main.rs (or `src` itself, if the project has one crate). A
room is a top-level module of a crate. An arrow from A to B says that code of A names something that is
defined in B; re-exports are followed to the definition. A circle is a strongly connected component of
more than one room or file. Code under `#[cfg(test)]` is counted as tests and adds no arrows.

`--svg` draws the rooms, one band per crate, with the arrows inside each crate. An arrow is left out if a
longer way along other arrows leads to the same room. `--arrows` lists all of them. The output depends on
the sources alone.
"""
import argparse
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from structure_svg import picture

TOKENS = re.compile(
    r"//[^\n]*"
    r"|/\*"
    r"|b?r(?P<hashes>#*)\".*?\"(?P=hashes)"
    r"|b?\"(?:\\.|[^\"\\])*\""
    r"|b?'(?:\\u\{[^}]*\}|\\x..|\\.|[^'\\])'",
    re.S,
)
PATH = re.compile(r"(?<![\w:])(\$?[A-Za-z_]\w*)((?:\s*::\s*[A-Za-z_]\w*)+)")
USE = re.compile(r"\buse\s+([^;]+);")
TEST = re.compile(r"#\[cfg\(test\)\]")
MODULE = re.compile(r"\bmod\s+(\w+)\s*([;{])")
FUNCTION = re.compile(r"\bfn\s+(\w+)")


def blank(text):
    """Replaces every character except line breaks with a space."""
    return re.sub(r"[^\n]", " ", text)


def code_of(text):
    """Blanks out comments and strings of Rust code; positions do not change."""
    out, at = [], 0
    while match := TOKENS.search(text, at):
        start, end = match.span()
        if match.group() == "/*":
            depth = 1
            while depth and (inner := re.compile(r"/\*|\*/").search(text, end)):
                depth += 1 if inner.group() == "/*" else -1
                end = inner.end()
        out += [text[at:start], blank(text[start:end])]
        at = end
    return "".join(out) + text[at:]


def closing(code, start):
    """The position after the bracket that closes the one at `start`."""
    depth = 0
    for at in range(start, len(code)):
        depth += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(code[at], 0)
        if depth == 0:
            return at + 1
    return len(code)


def item_end(code, start):
    """The end of the item or statement that starts at `start`."""
    at = start
    while at < len(code):
        if code[at] in "([":
            at = closing(code, at)
        elif code[at] == "{":
            return closing(code, at)
        elif code[at] == ";":
            return at + 1
        else:
            at += 1
    return at


class File:
    """A Rust file: module path, code without tests, number of lines of code and tests."""

    def __init__(self, path, crate, module):
        self.path, self.crate, self.module = path, crate, module
        self.text = path.read_text()
        self.lines = self.text.count("\n")
        self.code = code_of(self.text)
        self.test_lines, self.test_modules = 0, []
        for match in reversed(list(TEST.finditer(self.code))):
            end = item_end(self.code, match.end())
            part = self.code[match.start() : end]
            self.test_lines += part.count("\n") + 1
            self.test_modules += [name for name, kind in MODULE.findall(part) if kind == ";"]
            self.code = self.code[: match.start()] + blank(part) + self.code[end:]

    def __str__(self):
        return str(self.path)

    @property
    def room(self):
        return self.module[0] if self.module else None

    def functions(self):
        """The functions with their number of lines, from `fn` to the closing bracket."""
        for match in FUNCTION.finditer(self.code):
            end = item_end(self.code, match.end())
            if self.code[end - 1] == "}":
                yield self.code.count("\n", match.start(), end) + 1, match.group(1)


def module_of(path):
    parts = list(path.with_suffix("").parts)
    return tuple(parts[:-1] if parts[-1] in ("mod", "lib", "main") else parts)


def manifest_name(manifest):
    found = re.search(r'^name = "([^"]+)"', manifest.read_text(), re.M) if manifest.exists() else None
    return found.group(1).replace("-", "_") if found else None


class Crate:
    def __init__(self, root, folder, name):
        self.folder = folder
        source = folder / "src" if (folder / "src").is_dir() else folder
        self.label = name
        self.names = {f"compt_{name}", manifest_name(folder / "Cargo.toml")} - {None}
        if name in ("src", "program"):
            self.names |= {manifest_name(root / "Cargo.toml")} - {None}
        paths = sorted(p for p in source.rglob("*.rs") if p.name != "build.rs")
        self.files = [File(p, self, module_of(p.relative_to(source))) for p in paths]
        tests = {f.module + (name,) for f in self.files for name in f.test_modules}
        self.test_files = [f for f in self.files if any(f.module[: len(t)] == t for t in tests)]
        self.files = [f for f in self.files if f not in self.test_files]
        # If there is a lib.rs beside main.rs, other modules name the library.
        self.modules = {f.module: f for f in self.files if f.path.name != "main.rs"}
        for f in self.files:
            self.modules.setdefault(f.module, f)
        self.imports = {f: imports(f) for f in self.files}

    @property
    def rooms(self):
        return sorted({f.room for f in self.files if f.room})


def crates_of(root):
    src = root / "src"
    if (src / "lib.rs").exists():
        return [Crate(root, src, "src")]
    marks = ("lib.rs", "main.rs", "src/lib.rs", "src/main.rs")
    found = [d for d in sorted(src.glob("*/")) if any((d / m).exists() for m in marks)]
    return [Crate(root, folder, folder.name) for folder in found]


def tree(text, prefix=()):
    """The (name, path) pairs of a `use` tree; a glob has the name `*`."""
    text = text.strip()
    if "{" in text:
        head, rest = text.split("{", 1)
        head = tuple(p.strip() for p in head.split("::") if p.strip())
        depth, begin, inner = 0, 0, rest[: rest.rindex("}")] + ","
        for at, c in enumerate(inner):
            depth += {"{": 1, "}": -1}.get(c, 0)
            if c == "," and depth == 0:
                if inner[begin:at].strip():
                    yield from tree(inner[begin:at], prefix + head)
                begin = at + 1
        return
    path, _, alias = text.partition(" as ")
    path = prefix + tuple(p.strip() for p in path.split("::") if p.strip())
    if path and path[-1] == "self":
        path = path[:-1]
    if path:
        yield (alias.strip() or path[-1]), path


def imports(file):
    return [pair for match in USE.finditer(file.code) for pair in tree(match.group(1))]


class Project:
    def __init__(self, root):
        self.root, self.crates = root, crates_of(root)
        self.by_name = {name: crate for crate in self.crates for name in crate.names}
        self.files = [f for crate in self.crates for f in crate.files]
        self.file_arrows = {f: self.targets(f) - {f} for f in self.files}
        self.rooms = [(crate.label, room) for crate in self.crates for room in crate.rooms]
        self.room_arrows = {room: set() for room in self.rooms}
        for f, targets in self.file_arrows.items():
            own = (f.crate.label, f.room)
            for t in targets:
                other = (t.crate.label, t.room)
                if f.room and t.room and own != other:
                    self.room_arrows[own].add(other)

    def targets(self, file):
        paths = [path for _, path in file.crate.imports[file]]
        code = USE.sub(lambda match: blank(match.group()), file.code)
        for match in PATH.finditer(code):
            rest = tuple(p.strip() for p in match.group(2).split("::") if p.strip())
            paths.append((match.group(1).lstrip("$"), *rest))
        return {found for path in paths if (found := self.resolve(file, path))}

    def resolve(self, file, path, seen=()):
        """The file that defines the item of a path; None if it is not in this project."""
        if (file, path) in seen or len(seen) > 12:
            return None
        crate, base, rest = file.crate, file.module, path
        if path[0] in self.by_name and self.by_name[path[0]].modules.get(()) is not file:
            crate, base, rest = self.by_name[path[0]], (), path[1:]
        elif path[0] == "crate":
            base, rest = (), path[1:]
        else:
            while rest and rest[0] in ("self", "super"):
                base, rest = (base[:-1] if rest[0] == "super" else base), rest[1:]
            if rest == path and base + rest[:1] not in crate.modules:
                return self.imported(file, rest, seen + ((file, path),))
        while rest and base + rest[:1] in crate.modules:
            base, rest = base + rest[:1], rest[1:]
        target = crate.modules.get(base)
        if rest and target and rest[0] != "*":
            return self.imported(target, rest, seen + ((file, path),)) or target
        return target

    def imported(self, file, path, seen):
        """The file that defines a name which a module imports with `use`."""
        for name, whole in file.crate.imports[file]:
            if name == path[0] and whole != path:
                return self.resolve(file, whole + path[1:], seen)
        return None


def circles(arrows):
    """The strongly connected components of more than one node (Tarjan 1972), largest first."""
    index, low, stack, found = {}, {}, [], []
    sys.setrecursionlimit(10000)

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in arrows[node]:
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(stack[at:])
            del stack[at:]

    for node in arrows:
        if node not in index:
            visit(node)
    return sorted(found, key=lambda c: (-len(c), min(map(str, c))))


def lines_below(root, folder, ending, leave_out=()):
    paths = [p for p in (root / folder).rglob(f"*.{ending}") if not any(l in p.parts for l in leave_out)]
    return sum(p.read_text().count("\n") for p in paths)


def show(project, every_arrow):
    root = project.root
    shown = lambda f: str(f.path.relative_to(root))
    name = lambda room: room[1] if len(project.crates) == 1 else f"{room[0]}/{room[1]}"
    print("crate      lines  tests  files  rooms")
    for crate in project.crates:
        tests = sum(f.test_lines for f in crate.files) + sum(f.lines for f in crate.test_files)
        lines = sum(f.lines - f.test_lines for f in crate.files)
        print(f"{crate.label:<8} {lines:>7} {tests:>6} {len(crate.files):>6} {len(crate.rooms):>6}")
    print(f"\nrooms: {len(project.rooms)}")
    for crate in project.crates:
        for room in crate.rooms:
            files = [f for f in crate.files if f.room == room]
            lines = sum(f.lines - f.test_lines for f in files)
            print(f"  {name((crate.label, room)):<24} {lines:>6} lines {len(files):>4} files")
    print(f"\narrows between rooms: {sum(map(len, project.room_arrows.values()))}")
    for room, others in project.room_arrows.items() if every_arrow else ():
        print(f"  {name(room)} -> {', '.join(sorted(map(name, others))) or '(none)'}")
    # A module and its own submodules often use each other; without these arrows only other circles remain.
    across = {
        f: {t for t in others if t.crate != f.crate or t.module[: len(f.module)] != f.module}
        for f, others in project.file_arrows.items()
    }
    for what, arrows, called in (
        ("rooms", project.room_arrows, name),
        ("files", project.file_arrows, shown),
        ("files, arrows from a module to its own parts left out", across, shown),
    ):
        found = circles(arrows)
        print(f"circles between {what}: {len(found)} (with {sum(map(len, found))} {what.split(',')[0]})")
        for circle in found:
            print("  " + ", ".join(sorted(map(called, circle))))
    lines, function, where = max((n, fn, shown(f)) for f in project.files for n, fn in f.functions())
    print(f"longest function: {lines} lines, {function} in {where}")
    over = sum(n > 100 for f in project.files for n, _ in f.functions())
    print(f"functions of more than 100 lines: {over}")
    largest = max(project.files, key=lambda f: (f.lines, shown(f)))
    print(f"largest file: {largest.lines} lines, {shown(largest)}")
    product = sum(f.lines - f.test_lines for f in project.files)
    tests = lines_below(root, "src", "rs") - product
    print(f"Rust: {product} lines, and of tests {tests} in src/ and {lines_below(root, 'tests', 'rs')} in tests/")
    library = lines_below(root, "stdlib", "lua", ["meta"])
    studies = lines_below(root, "examples", "lua") + lines_below(root, "scripts", "lua")
    print(
        f"Lua: {library} lines of library, {studies} of examples and scripts,"
        f" and of tests {lines_below(root, 'tests', 'lua')}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--svg", type=Path, help="draw the rooms into this file")
    parser.add_argument("--arrows", action="store_true", help="list every arrow between rooms")
    options = parser.parse_args()
    project = Project(options.root)
    if not project.crates:
        sys.exit(f"{options.root}: no crate below src/")
    show(project, options.arrows)
    if options.svg:
        options.svg.parent.mkdir(parents=True, exist_ok=True)
        options.svg.write_text(picture(project, circles(project.room_arrows)))


if __name__ == "__main__":
    main()
