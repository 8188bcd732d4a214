"""Makes tests/golden/t5/<case>/: tiny random checkpoints and what transformers computes with them.

    pip install torch==2.11.0 transformers==5.24.0 safetensors
    python tests/golden/t5.py [CASE ...]

(v1_0, v1_1, v1_1_shared, flan and odd were made with transformers 5.23.0.)

Each folder holds a checkpoint (config.json and weights, as save_pretrained of transformers 5 writes
them; those in PUBLISHED are rewritten in the form that published checkpoints and files of
transformers 4 have), and what transformers computes with what is then in the folder:
golden.json (scalars and generation options) and golden.safetensors:

    input_ids, attention_mask   [4, L]     padded rows; `odd` also masks a hole and the left side
    labels                      [4, T]     -100 where padded
    logits                      [4, T, V]  token_loss [4, T] (0 where padded)
    encoder                     [4, L, d]  the encoder's output
    embeds_grad                 [4, L, d]  d loss / d embeddings of input_ids
    greedy, beam                [4, n]     as generate returns them, the start token first; what
                                           follows the first eos is padding (0; for beams 1,
                                           because generate takes a pad_token_id of 0 for none)
    prompted_embeds             [4, L, d]  embeddings that belong to no ids; greedy_embeds from them

A seed is taken only if the generations are worth comparing (see `worth_keeping`).
"""

import copy
import json
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    MT5Config,
    MT5ForConditionalGeneration,
    T5Config,
    T5ForConditionalGeneration,
    UMT5Config,
    UMT5ForConditionalGeneration,
)

HERE = Path(__file__).parent / "t5"
MAX_NEW_TOKENS = 8

KINDS = {
    "t5": (T5Config, T5ForConditionalGeneration),
    "mt5": (MT5Config, MT5ForConditionalGeneration),
    "umt5": (UMT5Config, UMT5ForConditionalGeneration),
}
SMALL = dict(d_model=16, d_kv=4, d_ff=24, num_layers=2, num_heads=4, decoder_start_token_id=0)
CASES = {
    "v1_0": dict(
        config=dict(SMALL, vocab_size=64, feed_forward_proj="relu"), tied=True, beams=3, shard=None
    ),
    "v1_1": dict(
        config=dict(
            SMALL, vocab_size=72, feed_forward_proj="gated-gelu", tie_word_embeddings=False
        ),
        tied=False,
        beams=4,
        shard="8KB",
    ),
    # As transformers 5 writes a v1.1 made from a configuration: tied, though not scaled.
    "v1_1_shared": dict(
        config=dict(
            SMALL, vocab_size=68, feed_forward_proj="gated-gelu", tie_word_embeddings=False
        ),
        tied=True,
        scaled=False,
        beams=3,
        shard=None,
    ),
    "flan": dict(
        config=dict(
            SMALL,
            vocab_size=80,
            feed_forward_proj="gelu",
            is_gated_act=True,
            dense_act_fn="gelu_new",
            tie_word_embeddings=False,
        ),
        tied=False,
        beams=4,
        shard=None,
    ),
    "odd": dict(
        config=dict(
            vocab_size=61,
            d_model=20,
            d_kv=6,
            d_ff=28,
            num_layers=3,
            num_decoder_layers=2,
            num_heads=3,
            relative_attention_num_buckets=8,
            relative_attention_max_distance=12,
            decoder_start_token_id=0,
            layer_norm_epsilon=1e-5,
            feed_forward_proj="gated-gelu",
            tie_word_embeddings=False,
        ),
        tied=False,
        beams=3,
        shard=None,
    ),
    # transformers 5 writes tie_word_embeddings = true beside a head of its own, which is not scaled.
    "mt5": dict(kind="mt5", config=dict(SMALL, vocab_size=66), tied=False, beams=3, shard=None),
    # The form of google/mt5-*: a pickle with the table under all of its names.
    "mt5_4": dict(kind="mt5", config=dict(SMALL, vocab_size=70), tied=False, beams=4, shard=None),
    "umt5": dict(kind="umt5", config=dict(SMALL, vocab_size=62), tied=True, beams=3, shard=None),
    # The form of google/umt5-*.
    "umt5_4": dict(
        kind="umt5",
        config=dict(SMALL, vocab_size=74, tie_word_embeddings=False),
        tied=False,
        beams=4,
        shard=None,
    ),
    # google/ul2, and the form of transformers 4 with torch_dtype.
    "ul2": dict(
        config=dict(
            SMALL, vocab_size=58, feed_forward_proj="gated-silu", tie_word_embeddings=False
        ),
        tied=False,
        beams=3,
        shard=None,
    ),
    # google/madlad400-*: the table is there as decoder.embed_tokens.weight alone.
    "madlad": dict(
        config=dict(
            SMALL, vocab_size=76, feed_forward_proj="gated-gelu", tie_word_embeddings=False
        ),
        tied=False,
        beams=3,
        shard=None,
    ),
    # Three encoder layers to one of the decoder, and no tokenizer file.
    "byt5": dict(
        config=dict(
            SMALL,
            num_layers=3,
            num_decoder_layers=1,
            vocab_size=384,
            feed_forward_proj="gated-gelu",
            tie_word_embeddings=False,
        ),
        tied=False,
        beams=3,
        shard=None,
    ),
    # Salesforce/codet5-*: v1.0 with other special ids.
    "codet5": dict(
        config=dict(SMALL, vocab_size=90, bos_token_id=1, eos_token_id=2),
        tied=True,
        beams=3,
        shard=None,
    ),
}

# What the published configs say: t5-base names no feed_forward_proj, older flan files the pieces.
PUBLISHED = {
    "v1_0": dict(
        drop=["feed_forward_proj", "dense_act_fn", "is_gated_act", "scale_decoder_outputs"]
        + ["tie_word_embeddings", "num_decoder_layers", "dtype", "is_decoder"]
        + ["relative_attention_max_distance", "classifier_dropout"],
        put=dict(n_positions=512, output_past=True, task_specific_params={}),
    ),
    "flan": dict(
        drop=["scale_decoder_outputs", "dtype", "is_decoder", "classifier_dropout"],
        put=dict(n_positions=512, output_past=True, tie_word_embeddings=False),
    ),
    "mt5_4": dict(
        drop=["dtype", "is_decoder", "classifier_dropout", "dense_act_fn", "is_gated_act"],
        put=dict(
            tie_word_embeddings=False, torch_dtype="float32", transformers_version="4.10.0.dev0"
        ),
    ),
    "umt5_4": dict(
        drop=["dtype", "is_decoder", "scale_decoder_outputs"],
        put=dict(
            tie_word_embeddings=False, torch_dtype="float32", transformers_version="4.31.0.dev0",
            scalable_attention=True,
        ),
    ),
    "ul2": dict(
        drop=["dtype", "is_decoder", "scale_decoder_outputs"],
        put=dict(
            tie_word_embeddings=False, torch_dtype="bfloat16", transformers_version="4.24.0"
        ),
    ),
    "madlad": dict(
        drop=["dtype", "is_decoder", "scale_decoder_outputs"],
        put=dict(
            tie_word_embeddings=False, torch_dtype="float32", transformers_version="4.35.0.dev0"
        ),
    ),
    "codet5": dict(
        drop=["dtype", "is_decoder", "scale_decoder_outputs", "dense_act_fn", "is_gated_act"]
        + ["tie_word_embeddings"],
        put=dict(n_positions=512, output_past=True, torch_dtype="float32"),
    ),
}


def rename(name, folder):
    """Gives the weights the names and the file that the published ones have."""
    file = folder / "model.safetensors"
    if name == "madlad":
        tensors = load_file(file)
        tensors["decoder.embed_tokens.weight"] = tensors.pop("shared.weight")
        save_file(tensors, file, metadata={"format": "pt"})
    if name == "mt5_4":
        tensors = load_file(file)
        for stack in ("encoder", "decoder"):
            tensors[f"{stack}.embed_tokens.weight"] = tensors["shared.weight"]
        torch.save(tensors, folder / "pytorch_model.bin")
        file.unlink()


def random_model(case, seed):
    torch.manual_seed(seed)
    make_config, make_model = KINDS[case.get("kind", "t5")]
    config = make_config(**copy.deepcopy(case["config"]))
    model = make_model(config).eval()
    if not case["tied"]:
        model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.shared.weight))
    scales = {
        "shared": 0.3 if case["tied"] else 1.0,
        "lm_head": 1.0,
        "relative_attention_bias": 1.0,
        ".q.": 1.6 * (config.d_model * config.d_kv) ** -0.5,
        ".o.": 2.0 * (config.num_heads * config.d_kv) ** -0.5,
        ".wo.": 2.0 * config.d_ff**-0.5,
    }
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name == "decoder.final_layer_norm.weight" and case["tied"]:
                weight.uniform_(5, 15)  # small embeddings under a tied head: logits by its input
            elif "layer_norm" in name:
                weight.uniform_(0.5, 1.5)
            else:
                scale = next((s for key, s in scales.items() if key in name), config.d_model**-0.5)
                weight.normal_(0, scale)
        model.lm_head.weight[config.eos_token_id] *= 1.7  # so that some rows end early
    return model


def batch(config, odd):
    ids = torch.randint(3, config.vocab_size, (4, 24))
    mask = torch.zeros_like(ids)
    for row, length in enumerate([24, 15, 9, 4]):
        ids[row, length - 1] = config.eos_token_id
        mask[row, :length] = 1
    ids = ids * mask
    if odd:
        mask[0, 6:9] = 0
        ids[3], mask[3] = ids[3].roll(7), mask[3].roll(7)
    labels = torch.randint(3, config.vocab_size, (4, 6))
    for row, length in enumerate([3, 6, 2, 4]):
        labels[row, length - 1] = config.eos_token_id
        labels[row, length:] = -100
    return ids, mask, labels


def generations(model, case, ids, mask, embeds):
    dtype = model.shared.weight.dtype
    common = dict(attention_mask=mask, max_new_tokens=MAX_NEW_TOKENS, do_sample=False)
    with torch.no_grad():
        return dict(
            greedy=model.generate(input_ids=ids, **common),
            beam=model.generate(input_ids=ids, num_beams=case["beams"], **common),
            greedy_embeds=model.generate(inputs_embeds=embeds.to(dtype), **common),
        )


def worth_keeping(found, exact, eos):
    """Rows differ, some end early and some never, beams matter, tokens vary, fp64 agrees."""
    for name, tokens in found.items():
        rows = {tuple(row.tolist()) for row in tokens}
        ended = [eos in row.tolist() for row in tokens]
        early = [eos in row.tolist()[:6] for row in tokens]
        if len(rows) < len(tokens) or not any(early) or all(ended):
            return False
        if tokens.shape != exact[name].shape or not torch.equal(tokens, exact[name]):
            return False
    until_eos = lambda row: tuple(row[: row.index(eos) + 1] if eos in row else row)
    greedy, beam = ([until_eos(row) for row in found[key].tolist()] for key in ("greedy", "beam"))
    return greedy != beam and len(set().union(*greedy)) >= 8


def golden(model, ids, mask, labels):
    embeds = model.shared(ids).detach().requires_grad_()
    out = model(inputs_embeds=embeds, attention_mask=mask, labels=labels)
    by_ids = model(input_ids=ids, attention_mask=mask, labels=labels)
    assert torch.allclose(out.logits, by_ids.logits, atol=1e-5)
    (grad,) = torch.autograd.grad(out.loss, embeds)
    token_loss = torch.nn.functional.cross_entropy(
        out.logits.transpose(1, 2), labels, reduction="none", ignore_index=-100
    )
    tensors = dict(
        input_ids=ids,
        attention_mask=mask,
        labels=labels,
        logits=out.logits,
        token_loss=token_loss,
        encoder=out.encoder_last_hidden_state,
        embeds_grad=grad,
    )
    return out.loss.item(), tensors


def make(name, case):
    for seed in range(500):
        model = random_model(case, seed)
        ids, mask, labels = batch(model.config, name == "odd")
        embeds = model.shared(ids).detach()
        embeds = embeds + 0.5 * embeds.std() * torch.randn_like(embeds)
        found = generations(model, case, ids, mask, embeds)
        exact = generations(copy.deepcopy(model).double(), case, ids, mask, embeds)
        if worth_keeping(found, exact, model.config.eos_token_id):
            break
    else:
        raise SystemExit(f"{name}: no seed gives generations worth comparing")

    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model.save_pretrained(folder, **({"max_shard_size": case["shard"]} if case["shard"] else {}))
    (folder / "generation_config.json").unlink()
    config = json.loads((folder / "config.json").read_text())
    for key in PUBLISHED.get(name, {}).get("drop", []):
        config.pop(key, None)
    config.update(PUBLISHED.get(name, {}).get("put", {}))
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    rename(name, folder)

    # From here on the model is what is read back from the folder.
    make_model = KINDS[case.get("kind", "t5")][1]
    model = make_model.from_pretrained(folder, dtype=torch.float32).eval()
    loss, tensors = golden(model, ids, mask, labels)
    again = generations(model, case, ids, mask, embeds)
    assert all(torch.equal(found[key], again[key]) for key in found), name
    tied = torch.equal(model.lm_head.weight, model.shared.weight)
    assert tied == case["tied"], name
    if case.get("kind") != "mt5":
        assert model.config.scale_decoder_outputs == case.get("scaled", tied), name
    tensors |= found | dict(prompted_embeds=embeds)
    save_file(
        {key: t.detach().contiguous().to(torch.int32 if not t.is_floating_point() else t.dtype)
         for key, t in tensors.items()},
        folder / "golden.safetensors",
    )
    facts = dict(
        seed=seed, loss=loss, max_new_tokens=MAX_NEW_TOKENS, num_beams=case["beams"], tied=tied,
        eos=model.config.eos_token_id,
    )
    (folder / "golden.json").write_text(json.dumps(facts, indent=2) + "\n")
    for file in folder.iterdir():
        file.chmod(0o644)
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{name}: seed {seed}, loss {loss:.4f}, {size // 1024} KiB, logits std "
          f"{tensors['logits'].std():.2f}, |grad| {tensors['embeds_grad'].abs().mean():.1e}")
    for key in found:
        print(" ", key, found[key].tolist())


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in sys.argv[1:] or CASES:
        make(name, CASES[name])
