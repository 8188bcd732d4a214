"""Tokenizes every line of a file at each command: the peer of tokenize.lua."""

import sys

from tokenizers import Tokenizer

folder, texts = sys.argv[1:]
tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
with open(texts, encoding="utf-8") as file:
    lines = file.read().splitlines()
print(flush=True)
for _ in sys.stdin:
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(lines)]
    print(f"tokens={sum(map(len, ids))}", flush=True)
