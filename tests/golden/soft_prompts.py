"""Makes tests/golden/soft_prompts/: soft prompts as research code saves them with torch.save.

    pip install torch==2.11.0 safetensors
    python tests/golden/soft_prompts.py

    prompt.safetensors      the prompt that all of them hold, [5, 16], as "prompt"
    tensor.pt               torch.save(tensor): prefix_embeddings.pt of ATTEMPT and MPT
    parameter.pth           torch.save(nn.Parameter)
    legacy.pt               a tensor, as before PyTorch 1.6
    embedding.bin           state_dict() of an nn.Embedding
    training.ckpt           tensors of two tasks inside a dictionary, beside a number of steps
    module.pt               torch.save(nn.Embedding): an object, which is refused
    adapter/                prompt_tuning_1 of tests/golden/peft as older versions of peft saved it
"""

import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

HERE = Path(__file__).parent / "soft_prompts"
PEFT = Path(__file__).parent / "peft" / "prompt_tuning_1"


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    (HERE / "adapter").mkdir(parents=True)
    torch.manual_seed(1)
    prompt = torch.randn(5, 16)
    save_file({"prompt": prompt}, HERE / "prompt.safetensors")
    torch.save(prompt, HERE / "tensor.pt")
    torch.save(torch.nn.Parameter(prompt), HERE / "parameter.pth")
    torch.save(prompt, HERE / "legacy.pt", _use_new_zipfile_serialization=False)
    embedding = torch.nn.Embedding.from_pretrained(prompt)
    torch.save(embedding.state_dict(), HERE / "embedding.bin")
    torch.save({"prompts": {"rte": prompt, "mrpc": prompt + 1}, "step": 30}, HERE / "training.ckpt")
    torch.save(embedding, HERE / "module.pt")
    shutil.copy(PEFT / "adapter_config.json", HERE / "adapter")
    torch.save(load_file(PEFT / "adapter_model.safetensors"), HERE / "adapter" / "adapter_model.bin")


if __name__ == "__main__":
    main()
