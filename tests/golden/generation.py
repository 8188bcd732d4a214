"""Makes generation.json: what `generate` of transformers gives for the tiny checkpoints of tests/golden/t5.

    pip install torch==2.11.0 transformers==5.24.0 safetensors
    python tests/golden/generation.py

Each case has a checkpoint, the options of `generate`, and the tokens of each row up to its end of sequence, without
the start token; with beams also the `sequences_scores`. The inputs are input_ids and attention_mask of the checkpoint's golden.safetensors. Options are
chosen to lengthen, shorten and cut rows: `check` says what must differ.
"""

import itertools
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import MT5ForConditionalGeneration, T5ForConditionalGeneration

HERE = Path(__file__).parent
MODELS = {"v1_0": T5ForConditionalGeneration, "flan": T5ForConditionalGeneration, "mt5": MT5ForConditionalGeneration}
GREEDY = [dict(max_new_tokens=most, min_new_tokens=least) for most, least in [(12, 0), (12, 5), (6, 6), (1, 0)]]
BEAMS = [
    dict(max_new_tokens=most, min_new_tokens=least, num_beams=beams, length_penalty=penalty, early_stopping=early)
    for (most, least), beams, penalty, early in itertools.product(
        [(12, 0), (10, 4)], [2, 4], [1.0, 0.0, -1.0, 2.0], [False, True, "never"]
    )
]


def until_end(row, end):
    row = row[1:]
    return row[: row.index(end) + 1] if end in row else row


def check(cases):
    of = lambda **options: {
        json.dumps(case["tokens"]) for case in cases if all(case["options"].get(k) == v for k, v in options.items())
    }
    assert len(of(num_beams=4, min_new_tokens=0)) > 2, "length penalties and early stopping change nothing"
    assert of(min_new_tokens=0) != of(min_new_tokens=4)


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = []
    for name, model_class in MODELS.items():
        model = model_class.from_pretrained(HERE / "t5" / name, dtype=torch.float32).eval()
        golden = load_file(HERE / "t5" / name / "golden.safetensors")
        ids, mask = golden["input_ids"].long(), golden["attention_mask"].long()
        cases = []
        for options in GREEDY + BEAMS:
            with torch.no_grad():
                made = model.generate(
                    input_ids=ids, attention_mask=mask, do_sample=False, return_dict_in_generate=True, output_scores=True,
                    **options,
                )
            tokens = [until_end(row, model.config.eos_token_id) for row in made.sequences.tolist()]
            case = dict(model=name, options=options, tokens=tokens)
            if "num_beams" in options:
                case["scores"] = made.sequences_scores.tolist()
            cases.append(case)
        check(cases)
        found += cases
    lines = ",\n".join(json.dumps(case) for case in found)
    (HERE / "generation.json").write_text(f"[\n{lines}\n]\n")
