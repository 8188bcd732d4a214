"""Makes tests/golden/tokenizer_family/<case>/: tokenizers of T5's kin, and what others say of some strings.

    pip install transformers==5.24.0 sentencepiece==0.2.3 tokenizers==0.23.2 protobuf
    python tests/golden/tokenizer_family.py

Each folder holds a tokenizer's files and golden.jsonl: text, ids (closed by the end), decoded text.

    byt5     bytes as tokens, as ByT5Tokenizer saves itself; by transformers
    codet5   byte-level BPE with <s> before and </s> after, tokenizer.json; by transformers
    bytes    a spiece.model with pieces of bytes (mT5), extra_ids = 0; by sentencepiece
    added    spiece.model and added_tokens.json, as slow tokenizers were saved; by transformers
"""

import io
import json
import shutil
from pathlib import Path

import sentencepiece
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, ByT5Tokenizer

HERE = Path(__file__).parent
OUT = HERE / "tokenizer_family"
STRINGS = [
    "the dog sees the red ball. in the garden", "  leading and   multiple   spaces ", "naïve café",
    "日本 and 日本語", "def add(a, b):\n    return a + b", "tab\tand\nnewline", "👍 ok", "", " ", "X",
    "not_entailment", "3.8", "a\u0301 combining", "end\u00a0of", "<extra_id_0> x <extra_id_1>",
]


def folder(name):
    shutil.rmtree(OUT / name, ignore_errors=True)
    (OUT / name).mkdir(parents=True)
    return OUT / name


def write(at, rows):
    lines = [json.dumps(dict(text=t, ids=i, decoded=d), ensure_ascii=False) for t, i, d in rows]
    (at / "golden.jsonl").write_text("\n".join(lines) + "\n")


def by_transformers(tokenizer, strings):
    def row(text):
        ids = tokenizer(text).input_ids
        return text, ids, tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)

    return [row(text) for text in strings]


def byt5():
    at = folder("byt5")
    ByT5Tokenizer().save_pretrained(at)
    write(at, by_transformers(AutoTokenizer.from_pretrained(at), STRINGS + ["x <pad> y"]))


def codet5():
    at = folder("codet5")
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(
        vocab_size=360, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(["def add(a, b): return a + b", "the dog sees the red ball"] * 9, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 1), add_prefix_space=False)
    tokenizer.add_special_tokens(
        [AddedToken(f"<extra_id_{i}>", lstrip=True, normalized=True) for i in range(3)]
    )
    tokenizer.save(str(at / "tokenizer.json"))
    from transformers import PreTrainedTokenizerFast

    reader = PreTrainedTokenizerFast(tokenizer_file=str(at / "tokenizer.json"), pad_token="<pad>", eos_token="</s>")
    write(at, by_transformers(reader, STRINGS))


def bytes_of_mt5():
    at = folder("bytes")
    sentences = STRINGS[:1] + ["a red dog in the garden", "the ball and the dog"] * 4
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences), model_writer=model, model_type="unigram", vocab_size=310,
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1, byte_fallback=True, hard_vocab_limit=False,
        normalization_rule_name="identity", minloglevel=2, required_chars="abcdefghijklmnopqrstuvwxyz",
    )
    (at / "spiece.model").write_bytes(model.getvalue())
    (at / "tokenizer_config.json").write_text(
        json.dumps(dict(tokenizer_class="T5Tokenizer", extra_ids=0, additional_special_tokens=None)) + "\n"
    )
    reader = sentencepiece.SentencePieceProcessor(model_file=str(at / "spiece.model"))
    strings = [s for s in STRINGS if "<extra" not in s and "\n" not in s and "\t" not in s and s.strip()]
    write(at, [(s, reader.encode(s) + [1], reader.decode(reader.encode(s))) for s in strings])


def added():
    at = folder("added")
    shutil.copy(HERE / "tokenizer" / "spiece.model", at / "spiece.model")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(at / "spiece.model")).get_piece_size()
    sentinels = [f"<extra_id_{i}>" for i in range(100)]
    (at / "added_tokens.json").write_text(json.dumps({"<sep>": pieces + 100, "[TLDR]": pieces + 101}) + "\n")
    (at / "tokenizer_config.json").write_text(json.dumps(dict(
        tokenizer_class="T5Tokenizer", extra_ids=100, eos_token="</s>", pad_token="<pad>", unk_token="<unk>",
        additional_special_tokens=sentinels + ["<sep>"],
    )) + "\n")
    reader = AutoTokenizer.from_pretrained(at)
    strings = STRINGS[:1] + ["the dog<sep>a teacher", "sold <sep> a letter!", "[TLDR] the red ball.", "<extra_id_0> x"]
    rows = by_transformers(reader, strings)
    assert reader.convert_tokens_to_ids("<sep>") == pieces + 100, reader.convert_tokens_to_ids("<sep>")
    write(at, rows)


if __name__ == "__main__":
    byt5()
    codet5()
    bytes_of_mt5()
    added()
    for case in sorted(OUT.iterdir()):
        print(case.name, sorted(f.name for f in case.iterdir()), sum(f.stat().st_size for f in case.iterdir()))
