"""Makes tests/golden/peft/: PEFT folders over tests/golden/t5/flan, and what peft computes with them.

    pip install torch==2.11.0 transformers==5.23.0 peft==0.21.0 safetensors
    python tests/golden/peft.py

TYPE_N/ holds a prompt of that type with N transformer submodules, as save_pretrained writes it;
golden.safetensors:

    input_ids, attention_mask   [3, L]     padded rows
    labels                      [3, T]
    logits.TYPE_N[.TASK]        [3, T, V]  of the folder loaded again, of a task where there are several
"""

import shutil
import sys
from pathlib import Path

sys.path.pop(0)  # this folder, where `peft` would be this file

import torch
from safetensors.torch import save_file
from transformers import T5ForConditionalGeneration

# peft looks for the method under the name it had before.
T5ForConditionalGeneration._prepare_encoder_decoder_kwargs_for_generation = (
    T5ForConditionalGeneration._prepare_text_encoder_decoder_kwargs_for_generation
)
from peft import (  # noqa: E402
    MultitaskPromptTuningConfig,
    PeftModel,
    PromptEncoderConfig,
    PromptTuningConfig,
    get_peft_model,
)

HERE = Path(__file__).parent / "peft"
BACKBONE = Path(__file__).parent / "t5" / "flan"
TASKS, LENGTH = 3, 4
TYPES = {
    "prompt_tuning": (PromptTuningConfig, {}),
    "p_tuning": (PromptEncoderConfig, dict(encoder_hidden_size=16)),
    "multitask": (MultitaskPromptTuningConfig, dict(num_tasks=TASKS, num_ranks=2)),
}


def backbone():
    model = T5ForConditionalGeneration.from_pretrained(BACKBONE).eval()
    model.name_or_path = "tiny-t5"  # what the folders say they are for
    return model


def before_the_encoder(model, ids, mask, labels, tasks):
    """What generate computes; forward puts the other half of the rows before the decoder's input."""
    prompts = model.get_prompt(len(ids), tasks)[:, :LENGTH]
    return model.base_model(
        inputs_embeds=torch.cat((prompts, model.word_embeddings(ids)), 1),
        attention_mask=torch.cat((torch.ones(len(ids), LENGTH), mask), 1),
        labels=labels,
    )


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    torch.manual_seed(1)
    ids = torch.randint(3, 80, (3, 9))
    mask = torch.ones_like(ids)
    for row, length in enumerate([9, 6, 3]):
        ids[row, length - 1], mask[row, length:] = 1, 0
    ids = ids * mask
    labels = torch.randint(3, 80, (3, 4))
    found = dict(input_ids=ids, attention_mask=mask, labels=labels)
    for name, (config, options) in TYPES.items():
        for submodules in (1, 2):
            folder = HERE / f"{name}_{submodules}"
            model = get_peft_model(
                backbone(),
                config(
                    task_type="SEQ_2_SEQ_LM",
                    num_virtual_tokens=LENGTH,
                    num_transformer_submodules=submodules,
                    **options,
                ),
            )
            with torch.no_grad():
                for key, weight in model.prompt_encoder.named_parameters():
                    weight.normal_(0, 1 if "mlp" not in key else 0.3)
            model.save_pretrained(folder)
            (folder / "README.md").unlink()
            again = PeftModel.from_pretrained(backbone(), folder).eval()
            for task in range(TASKS) if name == "multitask" else [None]:
                given = {} if task is None else dict(task_ids=torch.full((3,), task))
                with torch.no_grad():
                    if name == "multitask" and submodules == 2:
                        out = before_the_encoder(again, ids, mask, labels, given["task_ids"])
                    else:
                        out = again(input_ids=ids, attention_mask=mask, labels=labels, **given)
                key = f"logits.{folder.name}" + ("" if task is None else f".{task}")
                found[key] = out.logits
                print(key, out.loss.item())
    save_file({k: t.contiguous() for k, t in found.items()}, HERE / "golden.safetensors")
    for file in HERE.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
