"""The inputs of both sides: a checkpoint with random weights, batches of token ids, a prompt."""

import gzip
import json
import random
import shutil
import subprocess
from functools import cached_property

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import T5Config, T5ForConditionalGeneration

PROMPT_LENGTH = 20
LONGEST_SOURCE = 256

T5_BASE = dict(
    d_model=768, d_kv=64, d_ff=3072, num_heads=12, num_layers=12, vocab_size=32128,
    feed_forward_proj="relu", decoder_start_token_id=0,
)


class Inputs:
    def __init__(self, root, folder, data):
        self.root, self.folder, self.data = root, folder, data
        self.compt = root / "target" / "release" / "compt"

    def script(self, name, **options):
        """The command that runs one of the benchmark's Lua files."""
        command = [self.compt, "run", self.root / "scripts" / "bench" / name]
        command += ["--out", self.folder / f"run-{name}"]
        for key, value in options.items():
            command += ["--set", f"{key}={value}"]
        return command

    @cached_property
    def checkpoint(self):
        """A folder with a T5-base of random weights and the T5 tokenizer."""
        folder = self.folder / "t5-base"
        torch.manual_seed(0)
        T5ForConditionalGeneration(T5Config(**T5_BASE)).save_pretrained(folder)
        packed = self.data / "t5_tokenizer" / "tokenizer.json.gz"
        if packed.is_file():
            with gzip.open(packed) as source, open(folder / "tokenizer.json", "wb") as target:
                shutil.copyfileobj(source, target)
        else:
            shutil.copy(self.micro / "tokenizer.json", folder)
        return folder

    @property
    def micro(self):
        return self.root / "stdlib" / "micro" / "backbone"

    @cached_property
    def prompt(self):
        path = self.folder / "prompt.safetensors"
        draw = torch.Generator().manual_seed(1)
        values = torch.rand(PROMPT_LENGTH, T5_BASE["d_model"], generator=draw) - 0.5
        save_file({"prompt": values}, path)
        return path

    @cached_property
    def fixed_batch(self):
        """12 rows of 108 tokens with targets of 4."""
        draw = random.Random(2)
        row = lambda n: [draw.randrange(3, 32000) for _ in range(n - 1)] + [1]
        return self._batches("fixed", [{
            "source": [row(108) for _ in range(12)], "target": [row(4) for _ in range(12)],
        }])

    @cached_property
    def real_batches(self):
        """Three batches of 20 rows drawn at random from the 8 GLUE tasks."""
        tokenizer = Tokenizer.from_file(str(self.checkpoint / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        path = self.folder / "train-rows.tsv"
        command = self.script("rows.lua", data=self.data, split="train", rows=path)
        subprocess.run([str(part) for part in command], check=True)
        by_task = {}
        for line in path.read_text().splitlines():
            task, source, target = line.split("\t")
            by_task.setdefault(task, []).append((source, target))
        draw = random.Random(3)
        batches = []
        for _ in range(3):
            rows = [draw.choice(by_task[draw.choice(sorted(by_task))]) for _ in range(20)]
            batches.append({
                "source": [cut(tokenizer.encode(source).ids) for source, _ in rows],
                "target": [tokenizer.encode(target).ids for _, target in rows],
            })
        return self._batches("real", batches)

    def _batches(self, name, batches):
        return Batches(self.folder / name, batches)


class Batches:
    """Batches of token ids in two files: `path.lua` for our side, `path.json` for the other."""

    def __init__(self, path, batches):
        self.lua, self.json = path.with_suffix(".lua"), path.with_suffix(".json")
        self.json.write_text(json.dumps(batches))
        braces = str.maketrans("[]", "{}")
        of = lambda batch: ", ".join(f"{k} = {v}".translate(braces) for k, v in batch.items())
        self.lua.write_text("return {\n" + "".join(f"{{ {of(b)} }},\n" for b in batches) + "}\n")
        lengths = [[len(ids) + PROMPT_LENGTH for ids in batch["source"]] for batch in batches]
        #: Positions of the padded batches over real ones, prompts included.
        self.padding = sum(len(n) * max(n) for n in lengths) / sum(map(sum, lengths))


def cut(ids):
    """At most LONGEST_SOURCE ids, the closing `</s>` kept."""
    return ids if len(ids) <= LONGEST_SOURCE else ids[:LONGEST_SOURCE - 1] + ids[-1:]
