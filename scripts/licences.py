"""Writes LICENSE-THIRD-PARTY: the licences of what the programs contain, which `compt licences` prints.

    python3 scripts/licences.py            # after a change of Cargo.lock

The other packages of Cargo.lock, of builds, tests and other systems, are in licences/not-linked.txt, so that
a test sees a change. It asks `cargo metadata` for the packages that are linked, and takes the licence files of their sources. Where
a licence may be chosen, it is MIT, else Apache-2.0. libtorch is not part of the programs.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "LICENSE-THIRD-PARTY"
RULE = "=" * 100
NAMES = re.compile(r"^(licen[cs]e|copying|copyright|notice|unlicense|ofl)", re.IGNORECASE)
# Sources in other languages within a package: where their licence is.
WITHIN = {
    "lua-src": [("Lua", "lua-5.4*/lua.h", r"/\*{10,}\n(\* Copyright \(C\).*?)\*{10,}/")],
    "zstd-sys": [("Zstandard", "zstd/LICENSE", None)],
    "dejavu": [("DejaVu fonts", "assets/*/LICENSE", None)],
    "ring": [("fiat-crypto", "third_party/fiat/LICENSE", None)],
}
# Packages whose sources have no text, and others of the same authors and licence.
OF_ANOTHER = {"mlua-sys": "mlua", "torch-sys": "tch", "safetensors": "safetensors"}
# Texts that no source has.
TEXTS = Path(__file__).parent / "licences"


def metadata():
    words = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"]
    return json.loads(subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def linked(data):
    """The packages from registries that are linked into the programs: no build scripts, macros and tests."""
    packages = {package["id"]: package for package in data["packages"]}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    is_macro = lambda package: any("proc-macro" in target["kind"] for target in package["targets"])
    found, to_visit = set(), [data["resolve"]["root"]]
    while to_visit:
        name = to_visit.pop()
        if name in found or is_macro(packages[name]):
            continue
        found.add(name)
        for dependency in nodes[name]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                to_visit.append(dependency["pkg"])
    # Sources in C, which build scripts compile.
    found |= {name for name, package in packages.items() if package["name"] in WITHIN}
    from_registry = [packages[name] for name in found if packages[name]["source"]]
    return sorted(from_registry, key=lambda package: (package["name"], package["version"]))


def title(package):
    return f"{package['name']} {package['version']} ({package['license'] or 'see its text'})"


def texts(package):
    """The licence texts of a package."""
    folder = Path(package["manifest_path"]).parent
    files = sorted(path for path in folder.iterdir() if path.is_file() and NAMES.match(path.name))
    if package["license_file"] and (folder / package["license_file"]).is_file():
        files.append(folder / package["license_file"])
    choice = [path for path in files if "mit" in path.name.lower()] if re.search(" OR |/", package["license"] or "") else []
    notices = [path for path in files if path.name.lower().startswith(("notice", "copyright"))]
    found = [path.read_text(errors="replace") for path in dict.fromkeys(choice + notices if choice else files)]
    for what, pattern, part in WITHIN.get(package["name"], []):
        text = next(folder.glob(pattern)).read_text(errors="replace")
        found.append(f"{what}\n\n" + (re.search(part, text, re.DOTALL)[1] if part else text))
    return [text.replace("\r\n", "\n").strip() for text in found]


def main():
    packages = linked(metadata())
    titles = [title(package) for package in packages]
    of_text, of_package = {}, {}
    for package in packages:
        of_package[package["name"]] = texts(package) or of_package.get(package["name"], [])
    for package in packages:
        found = texts(package) or of_package.get(OF_ANOTHER.get(package["name"]))
        if not found:
            sys.exit(f"no licence text: {title(package)} {package['repository']}")
        for text in found:
            of_text.setdefault(text, []).append(title(package))
    rust = (TEXTS / "rust.txt").read_text().strip()
    of_text.setdefault(rust, []).append("the standard library of Rust (MIT OR Apache-2.0)")
    parts = ["The programs compt and compt-runtime contain these packages. Their licences follow.\n\n" + "\n".join(f"- {t}" for t in titles)]
    parts += ["\n".join(names) + "\n\n" + text for text, names in of_text.items()]
    FILE.write_text(f"\n\n{RULE}\n\n".join(parts) + "\n")
    lock = re.findall(r'^name = "(.+)"\nversion = "(.+)"\nsource', (ROOT / "Cargo.lock").read_text(), re.MULTILINE)
    others = {f"{name} {version}" for name, version in lock} - {" ".join(t.split(" ")[:2]) for t in titles}
    (TEXTS / "not-linked.txt").write_text("\n".join(sorted(others)) + "\n")
    print(f"{FILE.name}: {len(titles)} packages, {len(of_text)} texts, {FILE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
