"""Ids of the micro tokenizer by the `tokenizers` library, from the tokenizer.json that the Lua
module writes; kept in micro_tokenizer.tsv (text, tab, ids).

    lua -e 'print(require("compt.micro.tokenizer").json())' > tokenizer.json
    python tests/golden/micro_tokenizer.py tokenizer.json   # pip install tokenizers
"""

import sys
from pathlib import Path

from tokenizers import Tokenizer

TEXTS = """\
tom 's dog is big .
Tom's DOG is big.
premise : sam was called by mia . hypothesis : anna phoned sam .
who gave the tulip to ben ?
first : the film was not very good . second : it was an awful meal but paul liked the trip .
is it well said options : entailment not_entailment 3.5
every dog hates dogsled racing, really!?
a.b c... ''s dog's. 's
who?! the_thing not_entailments 0.55 5.0 12
Ella gave the café a peach—naïve ñañ x中中y
zebra
.
""".splitlines() + [""]

if __name__ == "__main__":
    tokenizer = Tokenizer.from_file(sys.argv[1])
    lines = (f"{text}\t{' '.join(map(str, tokenizer.encode(text).ids))}\n" for text in TEXTS)
    Path(__file__).with_suffix(".tsv").write_text("".join(lines), encoding="utf-8")
