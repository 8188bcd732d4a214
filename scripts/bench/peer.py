"""The peer: transformers and peft, with the same commands as compt.

    peer.py train MODEL DTYPE PROMPT BATCHES
    peer.py evaluate MODEL DTYPE FOLDER
"""

import json
import pathlib
import sys

import torch
from peft import PromptTuningConfig, get_peft_model
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import T5ForConditionalGeneration

BATCH = 20
MAX_NEW_TOKENS = 50


def serve(**commands):
    """As serve.lua."""
    print(flush=True)
    for line in sys.stdin:
        name, *arguments = line.split()
        answer = commands[name](*arguments) or {}
        print(" ".join(f"{key}={value!r}" for key, value in answer.items()), flush=True)


def load(model, dtype):
    model = T5ForConditionalGeneration.from_pretrained(model, dtype=getattr(torch, dtype)).eval()
    # peft 0.21 uses the name of this method in transformers 4.
    renamed = model._prepare_text_encoder_decoder_kwargs_for_generation
    model._prepare_encoder_decoder_kwargs_for_generation = renamed
    return model


def padded(rows, filler):
    width = max(map(len, rows))
    return torch.tensor([row + [filler] * (width - len(row)) for row in rows])


def train(model, dtype, prompt, batches):
    """Prompt tuning by peft, without dropout, padded to the longest row."""
    config = PromptTuningConfig(
        task_type="SEQ_2_SEQ_LM", num_virtual_tokens=20, num_transformer_submodules=1
    )
    model = get_peft_model(load(model, dtype), config).eval()
    given = load_file(prompt)["prompt"]
    values = model.prompt_encoder["default"].embedding.weight
    values.data.copy_(given)
    optimizer = torch.optim.AdamW([values], lr=0.01, weight_decay=0.0)
    inputs = [
        {
            "input_ids": padded(batch["source"], 0),
            "attention_mask": padded([[1] * len(ids) for ids in batch["source"]], 0),
            "labels": padded(batch["target"], -100),
        }
        for batch in json.loads(pathlib.Path(batches).read_text())
    ]

    def steps():
        for batch in inputs:
            loss = model(**batch).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        return {"loss": loss.item()}

    def gradient(path):
        now = values.detach().clone()
        values.data.copy_(given)
        loss = model(**inputs[0]).loss
        loss.backward()
        save_file({"gradient": values.grad.float()}, path)
        optimizer.zero_grad()
        values.data.copy_(now)
        return {"loss": loss.item()}

    serve(steps=steps, gradient=gradient)


def evaluate(model, dtype, folder):
    """Decodes rows task by task, each task's prompt before the closing `</s>`."""
    folder = pathlib.Path(folder)
    tokenizer = Tokenizer.from_file(str(pathlib.Path(model) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    model = load(model, dtype)
    prompts = load_file(folder / "prompts.safetensors")
    by_task = {}
    for line in (folder / "rows.tsv").read_text().splitlines():
        task, source = line.split("\t")
        by_task.setdefault(task, []).append(source)

    def with_prompt(ids, prompt):
        embeds = model.get_input_embeddings()(torch.tensor(ids))
        return torch.cat([embeds[:-1], prompt.to(embeds.dtype), embeds[-1:]])

    def predict(sources, prompt):
        rows = [with_prompt(tokenizer.encode(source).ids, prompt) for source in sources]
        embeds = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        mask = padded([[1] * len(row) for row in rows], 0)
        found = model.generate(
            inputs_embeds=embeds, attention_mask=mask, max_new_tokens=MAX_NEW_TOKENS,
            do_sample=False, num_beams=1, decoder_start_token_id=0,
        )
        return [tokenizer.decode(ids, skip_special_tokens=True) for ids in found.tolist()]

    @torch.no_grad()
    def answers(path):
        with open(path, "w") as file:
            for task, sources in by_task.items():
                for i in range(0, len(sources), BATCH):
                    for text in predict(sources[i:i + BATCH], prompts[task]):
                        file.write(f"{task}\t{text}\n")

    serve(answers=answers)


if __name__ == "__main__":
    {"train": train, "evaluate": evaluate}[sys.argv[1]](*sys.argv[2:])
