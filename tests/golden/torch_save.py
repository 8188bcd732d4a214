"""Makes tests/golden/torch_save/: one tiny T5 saved by torch.save in each form and type, and what is in it.

    pip install torch==2.11.0 safetensors
    python tests/golden/torch_save.py

    config.json             a T5 with a head of its own, tied to the embeddings in the files
    zip.FLOAT.bin           as torch.save writes it; FLOAT is f32, f16 or bf16
    zip64.f32.bin           with the records of archives above 4 GiB
    legacy.FLOAT.bin        as it did before PyTorch 1.6
    FLOAT.safetensors       the same tensors
    sharded/                in two shards with an index

Among the tensors of the `.bin` files are a Parameter, a transposed one, a part of a larger storage, a
tied pair (embeddings and head), the embeddings' aliases and, of integers, the table of positions that the
files of T5 v1.0 have and nobody uses.
"""

import json
import shutil
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent / "torch_save"
CONFIG = dict(
    d_model=8, d_kv=3, d_ff=12, num_heads=2, num_layers=1, vocab_size=20,
    relative_attention_num_buckets=8, feed_forward_proj="gated-gelu", tie_word_embeddings=False,
)
FLOATS = dict(f32=torch.float32, f16=torch.float16, bf16=torch.bfloat16)


def shapes():
    c = CONFIG
    d, inner = c["d_model"], c["d_kv"] * c["num_heads"]
    yield "shared.weight", (c["vocab_size"], d)
    for stack, attentions in [("encoder", ["SelfAttention"]), ("decoder", ["SelfAttention", "EncDecAttention"])]:
        block = f"{stack}.block.0.layer"
        for n, kind in enumerate(attentions):
            for part in "qkv":
                yield f"{block}.{n}.{kind}.{part}.weight", (inner, d)
            yield f"{block}.{n}.{kind}.o.weight", (d, inner)
            if n == 0:
                buckets = c["relative_attention_num_buckets"], c["num_heads"]
                yield f"{block}.{n}.{kind}.relative_attention_bias.weight", buckets
            yield f"{block}.{n}.layer_norm.weight", (d,)
        n = len(attentions)
        for part in ["wi_0", "wi_1"]:
            yield f"{block}.{n}.DenseReluDense.{part}.weight", (c["d_ff"], d)
        yield f"{block}.{n}.DenseReluDense.wo.weight", (d, c["d_ff"])
        yield f"{block}.{n}.layer_norm.weight", (d,)
        yield f"{stack}.final_layer_norm.weight", (d,)


def state_dict(dtype):
    torch.manual_seed(1)
    state = OrderedDict((name, torch.randn(shape).to(dtype)) for name, shape in shapes())
    state["encoder.embed_tokens.weight"] = state["shared.weight"]
    state["decoder.embed_tokens.weight"] = state["shared.weight"]
    state["lm_head.weight"] = state["shared.weight"]
    transposed = "encoder.block.0.layer.1.DenseReluDense.wo.weight"
    state[transposed] = state[transposed].t().contiguous().t()
    part = "decoder.block.0.layer.0.SelfAttention.q.weight"
    rows = state[part].shape[0]
    state[part] = torch.cat([torch.zeros(2, CONFIG["d_model"], dtype=dtype), state[part]])[2 : 2 + rows]
    parameter = "decoder.final_layer_norm.weight"
    state[parameter] = torch.nn.Parameter(state[parameter])
    unused = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
    state[unused] = torch.arange(3)
    assert not state[transposed].is_contiguous() and state[part].storage_offset() > 0
    state._metadata = OrderedDict([("", {"version": 1})])
    return state


def as_zip64(source, target):
    """The same entries with 64-bit records, as a limit of 16 bytes asks for."""
    zipfile.ZIP64_LIMIT = 16
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name))


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    (HERE / "sharded").mkdir(parents=True)
    for folder in [HERE, HERE / "sharded"]:
        (folder / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    for name, dtype in FLOATS.items():
        state = state_dict(dtype)
        torch.save(state, HERE / f"zip.{name}.bin")
        torch.save(state, HERE / f"legacy.{name}.bin", _use_new_zipfile_serialization=False)
        plain = {key: t.detach().clone().contiguous() for key, t in state.items()}
        save_file(plain, HERE / f"{name}.safetensors")
    names = list(state)
    as_zip64(HERE / "zip.f32.bin", HERE / "zip64.f32.bin")
    shards = {"pytorch_model-00001-of-00002.bin": names[:9], "pytorch_model-00002-of-00002.bin": names[9:]}
    for file, own in shards.items():
        torch.save({name: state[name] for name in own}, HERE / "sharded" / file)
    index = {"metadata": {}, "weight_map": {name: file for file, own in shards.items() for name in own}}
    (HERE / "sharded" / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2) + "\n")
    for path in sorted(HERE.rglob("*.*")):
        print(f"{path.relative_to(HERE)}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
