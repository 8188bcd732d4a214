"""Writes tokenizer/: a tiny unigram model in both of its forms, and what it says of some strings.

    pip install sentencepiece==0.2.3 tokenizers==0.23.2 && python tests/golden/tokenizer.py

spiece.model is trained by sentencepiece with T5's special ids and a small character map of its
own (T5's is 240 KB); tokenizer.json holds the same vocabulary as `transformers` would convert it;
golden.jsonl holds ids and decoded text by the sentencepiece library, `</s>` = 1 closing the ids.
"""

import itertools
import json
import pathlib
import tempfile

import sentencepiece
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

FOLDER = pathlib.Path(__file__).with_suffix("")
FOLDER.mkdir(exist_ok=True)
WORDS = {
    "who": ["the dog", "a teacher", "my sister", "the old farmer", "nobody", "her brother"],
    "does": ["sees", "carries", "finds", "is looking for", "cannot remember", "sold"],
    "what": ["the red ball.", "a letter!", "two books,", "his keys?", "the answer: yes", "an apple;"],
    "where": ["in the garden", "near the river", "at school", "(again)", "on 3 May 1920", "- perhaps"],
}
CHARACTERS = {"ﬁ": "fi", "“": '"', "”": '"', "’": "'", "…": "...", "\t": " ", "\n": " ", "\u00a0": " ", "½": "1/2", "Ａ": "A"}
STRINGS = [
    "the dog sees the red ball. in the garden",
    "translate English to German: That is good.",
    "  leading and   multiple   spaces ",
    "nobody cannot remember the answer: yes",
    "My sister’s “letter” … ﬁnds ½ an Ａpple",
    "premise: a teacher sold two books, hypothesis: nobody sold his keys?",
    "not_entailment", "entailment", "3.8", "0.0", "1920 3 10,000",
    "naïve café", "日本", "the 日本 dog 日本", "tab\tand\nnewline\u00a0here",
    "X", "a", ".", "", " ", "(again) - perhaps -", "UPPER lower MiXeD", "river's-edge@example.org",
    "her brother is looking for an apple; near the river", "thedogseestheball",
]


def train(folder):
    text, rules = folder / "text.txt", folder / "rules.tsv"
    text.write_text("\n".join(" ".join(parts) for parts in itertools.product(*WORDS.values())))
    code = lambda s: " ".join(f"{ord(c):X}" for c in s)
    rules.write_text("".join(f"{code(a)}\t{code(b)}\n" for a, b in CHARACTERS.items()))
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(folder / "spiece"), model_type="unigram", vocab_size=220,
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1, normalization_rule_tsv=str(rules),
        character_coverage=1.0, required_chars="abcdefghijklmnopqrstuvwxyzAXE0123456789_'\"@/", hard_vocab_limit=False, minloglevel=2,
    )
    return (folder / "spiece.model").read_bytes()


def charsmap(model):
    """Field 2 of field 3 of the protocol-buffer message."""
    def fields(data):
        at = 0
        def varint():
            nonlocal at
            value, shift = 0, 0
            while True:
                byte = data[at]
                at += 1
                value |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    return value
        while at < len(data):
            key = varint()
            if key & 7 == 0:
                yield key >> 3, varint()
            else:
                size = varint() if key & 7 == 2 else {1: 8, 5: 4}[key & 7]
                yield key >> 3, data[at:at + size]
                at += size
    normalizer = next(value for key, value in fields(model) if key == 3)
    return next(value for key, value in fields(normalizer) if key == 2)


def convert(sp, model):
    pieces = [(sp.id_to_piece(i), sp.get_score(i)) for i in range(sp.get_piece_size())]
    sentinels = [f"<extra_id_{i}>" for i in reversed(range(100))]
    tokenizer = Tokenizer(models.Unigram(pieces + [(s, 0.0) for s in sentinels], unk_id=2))
    tokenizer.normalizer = normalizers.Precompiled(charsmap(model))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in ["<pad>", "</s>", "<unk>", *sentinels]])
    return tokenizer


with tempfile.TemporaryDirectory() as folder:
    model = train(pathlib.Path(folder))
(FOLDER / "spiece.model").write_bytes(model)
sp = sentencepiece.SentencePieceProcessor(model_proto=model)
convert(sp, model).save(str(FOLDER / "tokenizer.json"), pretty=False)
with open(FOLDER / "golden.jsonl", "w") as golden:
    for text in STRINGS:
        ids = sp.encode(text)
        known = [i for i in ids if i != sp.unk_id()]
        golden.write(json.dumps({"text": text, "ids": ids + [1], "decoded": sp.decode(known)}, ensure_ascii=False) + "\n")
