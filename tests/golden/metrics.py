"""Writes metrics.json: scores of decoded text by scikit-learn and SciPy, in percent.

    pip install scikit-learn==1.9.1 scipy==1.17.1 && python tests/golden/metrics.py
"""

import json
import math
import pathlib
import random
import warnings

from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

warnings.simplefilter("ignore")  # undefined scores are part of the fixture


def number(text):
    try:
        value = float(text)
    except ValueError:
        return -1.0
    return value if math.isfinite(value) else -1.0


def t5_f1(gold, guess, last):
    """F1 of the last class by the rule of T5 (t5/evaluation/metrics.py, f1_score_with_invalid, at 02ef3f2): a
    prediction that is no class is set to the opposite of its target."""
    positive = [g == last for g in gold]
    said = [p == last if p >= 0 else not is_positive for p, is_positive in zip(guess, positive)]
    return f1_score(positive, said, zero_division=0)


def classified(name, labels, targets, predictions):
    def classes(texts):
        return [labels.index(t.strip()) if t.strip() in labels else -1 for t in texts]

    gold, guess, last = classes(targets), classes(predictions), len(labels) - 1
    return {
        "name": name, "labels": labels, "targets": targets, "predictions": predictions,
        "scores": {
            "accuracy": 100 * accuracy_score(gold, guess),
            "f1": 100 * t5_f1(gold, guess, last),
            "matthews": 100 * matthews_corrcoef(gold, guess),
        },
    }


def correlated(name, targets, predictions):
    gold, guess = [number(t) for t in targets], [number(p) for p in predictions]
    defined = lambda r: 0.0 if math.isnan(r) else 100 * r
    return {
        "name": name, "labels": None, "targets": targets, "predictions": predictions,
        "scores": {
            "pearson": defined(pearsonr(gold, guess).statistic),
            "spearman": defined(spearmanr(gold, guess).statistic),
            "accuracy": 100 * sum(t.strip() == p.strip() for t, p in zip(targets, predictions)) / len(targets),
        },
    }


draw = random.Random(20)
two, three = ["not_equivalent", "equivalent"], ["entailment", "neutral", "contradiction"]
noisy = lambda labels, gold, share: [g if draw.random() < share else draw.choice(labels) for g in gold]
gold2 = [draw.choice(two) for _ in range(40)]
gold3 = [draw.choice(three) for _ in range(60)]
similar = [f"{draw.randint(0, 25) / 5:.1f}" for _ in range(50)]
near = [f"{min(5, max(0, float(s) + draw.randint(-6, 6) / 5)):.1f}" for s in similar]

cases = [
    classified("two classes", two, gold2, noisy(two, gold2, 0.5)),
    classified("three classes", three, gold3, noisy(three, gold3, 0.4)),
    classified("all right", two, gold2, gold2),
    classified("constant, last class", two, gold2, [two[1]] * 40),
    classified("constant, first class", two, gold2, [two[0]] * 40),
    classified("constant on both sides", two, [two[1]] * 5, [two[1]] * 5),
    classified("no label word", two, gold2, ["", "nonsense"] * 20),
    classified("a word of another task on negative rows", two, gold2,
               [g if g == two[1] else "neutral" for g in gold2]),
    classified("no label words among three", three, gold3, [g if i % 4 else "duplicate" for i, g in enumerate(gold3)]),
    classified("some no label words, white space", two, gold2,
               [" " + g if i % 3 else "equal" for i, g in enumerate(gold2)]),
    correlated("similarities with ties", similar, near),
    correlated("constant predictions", similar, ["2.5"] * 50),
    correlated("constant predictions whose mean is rounded", similar, ["0.1"] * 50),
    correlated("constant targets", ["0.0"] * 50, near),
    correlated("words among the numbers", similar,
               [n if i % 4 else ["", "nan", "inf", "equivalent"][i // 4 % 4] for i, n in enumerate(near)]),
    correlated("reversed", similar, [f"{5 - float(s):.1f}" for s in similar]),
]
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
