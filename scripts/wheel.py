"""Writes compt as a wheel, which uses the torch of the environment that it is installed into.

    make wheel                                       # builds, then dist/compt-VERSION-py3-none-manylinux_*.whl
    python3 scripts/wheel.py [--program DIR] [--out DIR]

The programs of DIR (target/release) are stripped, and the folder of libtorch that they were built with is
blanked in the copies: `compt` finds the one of the environment (src/cli/launch/libtorch.rs). The tag of the
wheel names the glibc whose symbols the programs need, so that pip refuses it on an older one. It needs
Python 3.9 or newer, and strip, readelf and objdump, which come with the linker.
"""

import argparse
import base64
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ["compt", "compt-runtime"]
TORCH = "2.11.*"
LICENCES = ["LICENSE-MIT", "LICENSE-APACHE", "LICENSE-THIRD-PARTY"]
# The least that a manylinux tag of that glibc promises (PEP 600, policies of auditwheel).
LIBSTDCXX = {(2, 28): (3, 4, 24), (2, 31): (3, 4, 28), (2, 34): (3, 4, 29), (2, 35): (3, 4, 30)}


def fail(what):
    sys.exit(f"wheel: {what}")


def tool(*words):
    try:
        return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        fail(f"there is no {words[0]}: install binutils (on Debian: apt install binutils)")
    except subprocess.CalledProcessError as error:
        fail(f"{' '.join(map(str, words))}: {error.stderr.strip()}")


def value(key):
    """A line `key = "..."` of Cargo.toml."""
    found = re.search(rf'^{key} = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    return found[1] if found else fail(f"Cargo.toml has no {key}")


def stripped(program, folder):
    """The content of a program without symbols and without the folder of the libtorch that it was built with."""
    if not program.is_file():
        fail(f"there is no {program}: `make build` makes it")
    copy = Path(folder) / program.name
    tool("strip", "-o", copy, program)
    content = copy.read_bytes()
    paths = re.findall(r"\(R(?:UN)?PATH\).*\[(.+)\]", tool("readelf", "-dW", copy))
    for built in {path.encode() for line in paths for path in line.split(":") if path.startswith("/")}:
        # Of the same length, so that nothing else moves; there is no such folder.
        content = content.replace(built, b"/" + b"-" * (len(built) - 1))
    copy.write_bytes(content)
    return content


def newest(symbols, name):
    """The newest version of the symbols NAME_x.y that a program needs."""
    found = re.findall(rf"\b{name}_([0-9.]+)", symbols)
    return max((tuple(map(int, version.split("."))) for version in found), default=(0,))


def tag(folder):
    """The platform that the stripped programs need."""
    symbols = "".join(tool("objdump", "-T", Path(folder) / name) for name in PROGRAMS)
    glibc, libstdcxx = newest(symbols, "GLIBC"), newest(symbols, "GLIBCXX")
    promised = max((have for least, have in LIBSTDCXX.items() if least <= glibc), default=(0,))
    if libstdcxx > promised:
        fail(f"the programs need GLIBCXX_{'.'.join(map(str, libstdcxx))}, which glibc {glibc[0]}.{glibc[1]} does not promise")
    return f"manylinux_{glibc[0]}_{glibc[1]}_{os.uname().machine}"


def metadata(version):
    licences = "".join(f"License-File: {name}\n" for name in LICENCES)
    return (
        f"Metadata-Version: 2.4\nName: compt\nVersion: {version}\nSummary: {value('description')}\n"
        f"License-Expression: {value('license')}\n{licences}"
        f"Keywords: {','.join(keywords())}\n"
        "Classifier: Environment :: Console\nClassifier: Intended Audience :: Science/Research\n"
        "Classifier: Operating System :: POSIX :: Linux\nClassifier: Programming Language :: Rust\n"
        "Classifier: Topic :: Scientific/Engineering :: Artificial Intelligence\n"
        f"Requires-Python: >=3.10\nRequires-Dist: torch=={TORCH}\nDescription-Content-Type: text/markdown\n\n"
        + (ROOT / "README.md").read_text()
    )


def keywords():
    line = re.search(r"^keywords = \[(.*)\]$", (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    return re.findall(r'"(.+?)"', line)


def write(path, files):
    """A wheel of files: name, content and whether it is a program. RECORD is added."""
    info = next(name for name, *_ in files if name.endswith("/METADATA")).split("/")[0]
    record = ""
    for name, content, _ in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(content)}\n"
    record += f"{info}/RECORD,,\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as wheel:
        for name, content, is_program in [*files, (f"{info}/RECORD", record.encode(), False)]:
            # A fixed date: the same programs give the same wheel.
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if is_program else 0o100644) << 16
            wheel.writestr(entry, content)


def main():
    parser = argparse.ArgumentParser(description="Writes compt as a wheel")
    parser.add_argument("--program", type=Path, default=ROOT / "target/release", help="folder of the programs")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder of the wheel")
    options = parser.parse_args()
    version = value("version")
    info = f"compt-{version}.dist-info"
    with tempfile.TemporaryDirectory() as folder:
        programs = [(f"compt-{version}.data/scripts/{name}", stripped(options.program / name, folder), True) for name in PROGRAMS]
        platform = tag(folder)
    about = f"Wheel-Version: 1.0\nGenerator: compt ({version})\nRoot-Is-Purelib: false\nTag: py3-none-{platform}\n"
    licences = [(f"{info}/licenses/{name}", (ROOT / name).read_bytes(), False) for name in LICENCES]
    texts = [(f"{info}/METADATA", metadata(version).encode(), False), (f"{info}/WHEEL", about.encode(), False)]
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"compt-{version}-py3-none-{platform}.whl"
    write(path, [*programs, *licences, *texts])
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, torch {TORCH}")


if __name__ == "__main__":
    main()
