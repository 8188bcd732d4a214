"""The part `tokenize`: texts to ids, compared with the Python library, both on all cores."""

import gzip
import json
import pathlib
import sys

from sides import Side, alternate, faster

PEER = [sys.executable, pathlib.Path(__file__).with_name("tokenizer.py")]


def texts(data):
    """Every text of every training file, white space folded: a line each."""
    for path in sorted(data.glob("*/train.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                for value in json.loads(line).values():
                    if isinstance(value, str):
                        yield " ".join(value.split())


def tokenize(inputs, rounds):
    path = inputs.folder / "texts.txt"
    lines = list(texts(inputs.data))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    script = inputs.script("tokenize.lua", tokenizer=inputs.checkpoint, texts=path)
    with Side(script) as ours, Side([*PEER, inputs.checkpoint, path]) as peer:
        mine, theirs = ours.ask("encode")["tokens"], peer.ask("encode")["tokens"]
        if mine != theirs:
            raise SystemExit(f"bench: {mine:.0f} tokens here, {theirs:.0f} there")
        times = alternate(rounds, {"ours": (ours, "encode"), "peer": (peer, "encode")})
    row = faster("tokenize: speed", times["ours"], times["peer"], 0.8)
    row.detail += f"; {len(lines)} texts, {mine:.0f} tokens"
    yield row
