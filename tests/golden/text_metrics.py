"""Writes text_metrics.json: scores of free text, and stems, by the packages whose scores they are.

    pip install scikit-learn==1.9.1 rouge-score==0.1.2 nltk==3.10.4 sacrebleu==2.6.0
    python tests/golden/text_metrics.py evaluate-v1.1.py

`evaluate-v1.1.py` is SQuAD's script (squad/ of allenai/bi-att-flow at 4900454); it is only read here.
"""

import importlib.util
import json
import pathlib
import random
import sys
import warnings

from nltk.stem.porter import PorterStemmer
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU
from sklearn.metrics import f1_score, mean_absolute_error, mean_squared_error

warnings.simplefilter("ignore")  # undefined scores are part of the fixture
sys.argv, path = sys.argv[:1], sys.argv[1]
spec = importlib.util.spec_from_file_location("evaluate_squad", path)
squad = importlib.util.module_from_spec(spec)
spec.loader.exec_module(squad)

ROUGE = ["rouge1", "rouge2", "rougeL"]


def squad_scores(predictions, references):
    questions = [
        {"id": i, "answers": [{"text": text} for text in texts]} for i, texts in enumerate(references)
    ]
    dataset = [{"paragraphs": [{"qas": questions}]}]
    found = squad.evaluate(dataset, dict(enumerate(predictions)))
    return {"exact_match": found["exact_match"], "token_f1": found["f1"]}


def rouge_scores(predictions, references, stemmed):
    scorer = RougeScorer(ROUGE, use_stemmer=stemmed)
    rows = [scorer.score_multi(texts, said) for said, texts in zip(predictions, references)]
    name = "{}_stemmed" if stemmed else "{}"
    return {name.format(key): 100 * sum(row[key].fmeasure for row in rows) / len(rows) for key in ROUGE}


def bleu_score(predictions, references):
    most = max(map(len, references))
    streams = [[texts[i] if i < len(texts) else None for texts in references] for i in range(most)]
    return BLEU().corpus_score(predictions, streams).score


def texts(name, predictions, references):
    scores = squad_scores(predictions, references) | {"bleu": bleu_score(predictions, references)}
    for stemmed in (False, True):
        scores |= rouge_scores(predictions, references, stemmed)
    return {"name": name, "labels": None, "predictions": predictions, "references": references, "scores": scores}


def words(name, labels, targets, predictions):
    classes = lambda texts: [labels.index(t) if t in labels else -1 for t in texts]
    score = lambda average: 100 * f1_score(
        classes(targets), classes(predictions), labels=range(len(labels)), average=average, zero_division=0
    )
    return {
        "name": name, "labels": labels, "predictions": predictions, "references": [[t] for t in targets],
        "scores": {"macro_f1": score("macro"), "micro_f1": score("micro")},
    }


def number(text):
    try:
        return float(text)
    except ValueError:
        return -1.0


def numbers(name, targets, predictions):
    gold, guess = [number(t) for t in targets], [number(p) for p in predictions]
    return {
        "name": name, "labels": None, "predictions": predictions, "references": [[t] for t in targets],
        "scores": {"neg_mse": -mean_squared_error(gold, guess), "neg_mae": -mean_absolute_error(gold, guess)},
    }


draw = random.Random(22)
THREE = ["entailment", "neutral", "contradiction"]
gold = [draw.choice(THREE) for _ in range(40)]
noisy = [g if draw.random() < 0.6 else draw.choice(THREE) for g in gold]
near = [f"{draw.randint(0, 25) / 5:.1f}" for _ in range(20)]
far = [f"{draw.randint(0, 25) / 5:.1f}" for _ in range(20)]

VOCABULARY = (
    "the a an quick brown fox jumped over lazy dogs running relational conditions hoping ponies in of 1,000.5 "
    "U.S. state-of-the-art it's 12-34 (maybe) \"so\" Yes No 50% agreed feed"
).split()
sentence = lambda: " ".join(draw.choice(VOCABULARY) for _ in range(draw.randint(3, 14)))
varied = lambda text: " ".join(w for w in text.split() if draw.random() < 0.8) + draw.choice(["", ".", " indeed!", " the end"])
originals = [sentence() for _ in range(12)]

EDGES = [
    ("", ["something"]),
    ("something", [""]),
    ("", [""]),
    ("?!", ["..."]),
    ("The.", ["the"]),
    ("the cat", ["The Cat!", "a dog"]),
    ("Denver Broncos", ["Carolina Panthers", "the Denver  Broncos,", "Denver"]),
    ("naïve café", ["naive cafe", "naïve, CAFÉ"]),
    ("東京 タワー", ["東京タワー", "東京 タワー"]),
    ("ÉCOLE an—the İstanbul", ["école the", "İSTANBUL"]),
    ("&quot;quoted&quot; &amp; &lt;b&gt;", ["\"quoted\" & <b>"]),
    ("line one\nline two-\nthree", ["line one line twothree"]),
    ("3,000.50 dollars,then 5.", ["3,000.50 dollars , then 5 ."]),
    ("1990-1991 and x-y -5", ["1990 - 1991 and x-y - 5"]),
    ("skies dying generalizations oscillators", ["sky die generalization oscillator"]),
    ("a b c d e f g h", ["a b c d x e f g h", "h g f e d c b a"]),
    ("one one one two", ["one two", "one one"]),
    ("<skipped>word_with_underscores @ # $ [x] {y} ~", ["word_with_underscores@#$[x]{y}~"]),
]

cases = [
    texts(f"edge: {said!r}", [said], [wanted]) for said, wanted in EDGES
] + [
    texts("edges together", [said for said, _ in EDGES], [wanted for _, wanted in EDGES]),
    texts("one reference", [varied(text) for text in originals], [[text] for text in originals]),
    texts("several references", [varied(text) for text in originals],
          [[text] + [varied(text) for _ in range(draw.randint(0, 3))] for text in originals]),
    texts("no 4-gram in common", ["one two three x five six seven", "a b c"], [["one two three y five six seven"], ["a b c"]]),
    texts("too short for 4-grams", ["one two"], [["one two"]]),
    texts("all right", originals, [[text] for text in originals]),
    words("three classes", THREE, gold, noisy),
    words("some no label words", THREE, gold, [n if i % 5 else "maybe" for i, n in enumerate(noisy)]),
    words("no label words", THREE, gold, [""] * 40),
    words("a class that is never the label", THREE, [g.replace("neutral", "entailment") for g in gold], noisy),
    words("a class that is nowhere", THREE, ["entailment"] * 4, ["entailment"] * 3 + ["neutral"]),
    numbers("numbers", near, far),
    numbers("words among the numbers", near, [f if i % 4 else "high" for i, f in enumerate(far)]),
    numbers("all right", near, near),
]

STEMS = (
    "caresses ponies ties dies caress cats feed agreed plastered bled motoring sing conflated troubled sized "
    "hopping tanned falling hissing fizzed failing filing happy sky enjoy by say cry relational conditional rational "
    "valenci hesitanci digitizer conformabli radicalli differentli vileli analogousli vietnamization predication "
    "operator feudalism decisiveness hopefulness callousness formaliti sensitiviti sensibiliti triplicate formative "
    "formalize electriciti electrical hopeful goodness revival allowance inference airliner gyroscopic adjustable "
    "defensible irritant replacement adjustment dependent adoption homologou communism activate angulariti homologous "
    "effective bowdlerize probate rate cease controll roll skies dying lying tying news innings inning outings outing "
    "cannings canning howe proceed exceed succeed died tied spied flied studied eed need agreeing ease abbey apology "
    "geology logi archaeologi usefulli fulli realli alli ell owed use ate bing yes yields syzygy 1990s 2nd a1b2 rhythms "
    "oscillators generalizations possibly nationally ably ied ies ion onion station decision"
).split()
stemmer = PorterStemmer()
stems = {word: stemmer.stem(word) for word in sorted(set(STEMS))}

out = pathlib.Path(__file__).with_suffix(".json")
lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
out.write_text(f'{{"stems": {json.dumps(stems)},\n"cases": [\n{lines}\n]}}\n')
