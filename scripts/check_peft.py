"""Checks that exported prompts give the same results in peft as in compt.

    pip install torch==2.11.0 transformers==5.23.0 peft==0.21.0
    python scripts/check_peft.py [target/release/compt]

compt trains prompts over a small T5 of random weights, exports them and computes logits; peft loads
the folders and computes the same logits. It prints the largest difference of each folder and exits
with 1 where one is above 1e-4.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from huggingface_hub import ModelCard
from safetensors.torch import load_file
from transformers import T5ForConditionalGeneration

# peft uses the former name of the method.
T5ForConditionalGeneration._prepare_encoder_decoder_kwargs_for_generation = (
    T5ForConditionalGeneration._prepare_text_encoder_decoder_kwargs_for_generation
)
from peft import LoraConfig, PeftModel, get_peft_model  # noqa: E402

COMPT = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "target/release/compt"
TOLERANCE = 1e-4
EXPORT = """
local micro = compt.backbone("micro", { device = "cpu" })
compt.backbone({ d_model = 32, d_kv = 8, d_ff = 48, num_heads = 4, num_layers = 2,
  vocab_size = micro.vocab_size, feed_forward_proj = "gated-gelu", tie_word_embeddings = false },
  { trainable = true, seed = 3, device = "cpu", dtype = "float32" }):save(compt.args.out .. "/t5")
local b = compt.backbone(compt.args.out .. "/t5",
  { tokenizer = micro.tokenizer, device = "cpu", dtype = "float32" })
local t = compt.trainer {
  backbone = b, tasks = compt.tasks("micro", { tasks = { "nli2", "sentiment", "similarity" }, shots = 8 }),
  method = compt.methods.ssum { sources = 2, length = 5 }, placement = "prepend",
  steps = 10, batch_size = 6, progress = false,
}
t:run()
local ids = torch.randint(3, micro.vocab_size, 3, 9)
local labels = torch.randint(3, micro.vocab_size, 3, 4)
local found = { input_ids = ids, labels = labels }
local prompts = t:prompts()
for i, task in ipairs(prompts.tasks) do
  local p = prompts:get(task)
  local before = p.value:unsqueeze(1):expand(3, -1, -1)
  found["logits" .. i - 1] = b:forward({
    inputs_embeds = torch.cat({ before, b:embed(ids) }, 2), labels = labels,
  }).logits
  for _, kind in ipairs { "PROMPT_TUNING", "P_TUNING" } do
    p:export_peft(compt.args.out .. "/" .. kind .. (i - 1), { type = kind })
  end
end
prompts:export_peft(compt.args.out .. "/MULTITASK")
local lora = compt.trainer {
  backbone = b, tasks = compt.tasks("micro", { tasks = { "nli2", "sentiment" }, shots = 8 }),
  method = compt.methods.lora { rank = 3, alpha = 6, at = "*.{q,v,o,wi_0,wo}", lr = { lora = 0.05 } },
  steps = 10, progress = false,
}
lora:run()
lora:export_peft(compt.args.out .. "/LORA", { task = "sentiment" })
torch.save(compt.args.out .. "/found.safetensors", found)
"""
# The loss of one row with a LoRA in compt.
IMPORT = """
local micro = compt.backbone("micro", { device = "cpu" })
local b = compt.backbone(compt.args.out .. "/t5",
  { tokenizer = micro.tokenizer, device = "cpu", dtype = "float32" })
for _, name in ipairs { "LORA", "THEIRS" } do
  local t = compt.trainer {
    backbone = b, method = compt.methods.lora { given = compt.args.out .. "/" .. name },
    steps = 1, dropout = 0, progress = false,
    stream = function() return { source = { { 5, 6, 7, 8, 1 } }, target = { { 9, 10, 1 } } } end,
  }
  print(("%.9g"):format((t:gradients())))
end
"""


def lora(out):
    """The largest difference of losses: compt's LoRA in peft, and peft's in compt."""
    row = dict(input_ids=torch.tensor([[5, 6, 7, 8, 1]]), labels=torch.tensor([[9, 10, 1]]))
    backbone = lambda: T5ForConditionalGeneration.from_pretrained(out / "t5", dtype=torch.float32)
    config = LoraConfig(r=4, lora_alpha=10, target_modules=["q", "v"], task_type="SEQ_2_SEQ_LM",
                        init_lora_weights=False)
    theirs = get_peft_model(backbone(), config).eval()
    theirs.save_pretrained(out / "THEIRS")
    ours = PeftModel.from_pretrained(backbone(), out / "LORA").eval()
    command = [COMPT, "-e", IMPORT, "--set", f"out={out}"]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    worst = 0.0
    for name, model, value in [("LORA", ours, found[0]), ("THEIRS", theirs, found[1])]:
        with torch.no_grad():
            wanted = model(**row).loss.item()
        gap = abs(float(value) - wanted)
        print(f"{name:23}  off by {gap:.1e}  (loss {wanted:.4f})")
        worst = max(worst, gap)
    return worst


def main():
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([COMPT, "-e", EXPORT, "--set", f"out={out}"], check=True)
        out = Path(out)
        found = load_file(out / "found.safetensors")
        ids, labels = found["input_ids"].long(), found["labels"].long()
        worst = 0.0
        for task in range(3):
            for name in (f"PROMPT_TUNING{task}", f"P_TUNING{task}", "MULTITASK"):
                backbone = T5ForConditionalGeneration.from_pretrained(out / "t5", dtype=torch.float32)
                model = PeftModel.from_pretrained(backbone, out / name).eval()
                given = dict(task_ids=torch.full((3,), task)) if name == "MULTITASK" else {}
                mask = torch.ones_like(ids)
                with torch.no_grad():
                    logits = model(input_ids=ids, attention_mask=mask, labels=labels, **given).logits
                gap = (logits - found[f"logits{task}"]).abs().max().item()
                scale = logits.std().item()
                print(f"task {task}  {name:15}  off by {gap:.1e}  (logits' spread {scale:.2f})")
                worst = max(worst, gap)
        worst = max(worst, lora(out))
        for name in ("PROMPT_TUNING0", "MULTITASK", "LORA"):
            data = ModelCard.load(out / name / "README.md").data
            assert data.library_name == "peft" and "compt" in data.tags, (name, data)
    sys.exit(worst > TOLERANCE)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
