"""Makes tests/golden/methods/: what each method of the library computes, by plain PyTorch in float64.

    pip install torch==2.11.0 transformers==5.23.0 tokenizers safetensors
    python tests/golden/methods.py

A T5 of plain functions (`T5`, checked against transformers), in which every place can be changed, and
each method as its paper has it. backbone/ is a random v1.1 model of two layers with the micro
tokenizer's vocabulary; golden.safetensors holds, for each case,

    CASE/init/PARAMETER     what every trained parameter begins with, by compt's names
    CASE/prompt/TASK        the composed prompt before the first step, where a task has one
    CASE/loss               of the first step, CASE/losses of every step
    CASE/grad/PARAMETER     gradients of the first step
    CASE/end/PARAMETER      parameters after the last step

Every batch holds all rows of its tasks. AdamW (0.9, 0.999) with eps 0.1, decay 0.01, constant rate 0.02.
"""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import T5Config, T5ForConditionalGeneration

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "methods"
D, HEADS, WIDTH, FF, LAYERS, BUCKETS, FAR = 16, 4, 4, 24, 2, 8, 16
INNER = HEADS * WIDTH
RATE, EPS, DECAY = 0.02, 0.1, 0.01
M = 3  # rows of a prompt
ROWS = {
    "mood": [("mia likes the song .", "good"), ("tom hates the old film .", "bad")],
    "kind": [("the cat saw a dog .", "yes"), ("a bird sang .", "no"), ("no one came .", "no")],
}
TASKS = list(ROWS)
OUT = {}
torch.manual_seed(7)
torch.set_default_dtype(torch.float64)


def backbone():
    config = T5Config(
        vocab_size=448, d_model=D, d_kv=WIDTH, d_ff=FF, num_layers=LAYERS, num_heads=HEADS,
        relative_attention_num_buckets=BUCKETS, relative_attention_max_distance=FAR,
        feed_forward_proj="gated-gelu", tie_word_embeddings=False, decoder_start_token_id=0,
        dropout_rate=0.1,
    )
    model = T5ForConditionalGeneration(config).float().eval()
    model.lm_head.weight = torch.nn.Parameter(0.3 * torch.randn(448, D, dtype=torch.float32))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "layer_norm" in name:
                weight.uniform_(0.5, 1.5)
            elif "shared" not in name and "lm_head" not in name:
                weight.normal_(0, 0.25 if "relative" not in name else 1.0)
    folder = HERE / "backbone"
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    for file in folder.iterdir():
        file.chmod(0o644)
    return T5ForConditionalGeneration.from_pretrained(folder).double().eval()


class T5:
    """The model as functions; `changes` has place -> what is other there."""

    def __init__(self, weights):
        self.w = weights

    def norm(self, x, place):
        y = x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-6)
        gain = self.c.get(place, {}).get("gain", self.w[place + ".weight"])
        return y * gain + self.c.get(place, {}).get("bias", 0)

    def linear(self, x, place):
        change = self.c.get(place, {})
        y = x @ self.w[place + ".weight"].T + change.get("bias", 0)
        if "low_rank" in change:
            a, b, scale = change["low_rank"]
            y = y + scale * (x @ a.T @ b.T)
        return y

    def module(self, y, place):
        if "bottleneck" not in self.c.get(place, {}):
            return y
        down, down_bias, up, up_bias = self.c[place]["bottleneck"]
        inner = torch.nn.functional.gelu(y @ down.T + down_bias)
        return y + inner @ up.T + up_bias

    def bucket(self, distance, both):
        buckets, result = BUCKETS, 0
        if both:
            buckets //= 2
            result = buckets if distance > 0 else 0
            distance = abs(distance)
        else:
            distance = max(-distance, 0)
        exact = buckets // 2
        if distance < exact:
            return result + distance
        far = exact + int(math.log(distance / exact) / math.log(FAR / exact) * (buckets - exact))
        return result + min(far, buckets - 1)

    def bias(self, stack, n, both):
        table = self.w[f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
        index = [[self.bucket(k - q, both) for k in range(n)] for q in range(n)]
        return table[torch.tensor(index)].permute(2, 0, 1)

    def attention(self, x, memory, place, bias):
        """One row: x [q, d], memory [k, d], bias [heads, q, k]."""
        heads = lambda t: t.view(len(t), HEADS, WIDTH).transpose(0, 1)
        q, k, v = (self.linear(y, f"{place}.{p}") for y, p in [(x, "q"), (memory, "k"), (memory, "v")])
        if "prefix" in self.c.get(place, {}):
            keys, values = self.c[place]["prefix"]
            k, v = torch.cat([keys, k]), torch.cat([values, v])
            bias = torch.cat([torch.zeros(HEADS, bias.shape[1], len(keys)), bias], -1)
        scores = heads(q) @ heads(k).transpose(1, 2) + bias
        out = (torch.softmax(scores, -1) @ heads(v)).transpose(0, 1).reshape(len(x), INNER)
        return self.module(self.linear(out, f"{place}.o"), place)

    def feed_forward(self, x, place):
        gelu = lambda t: torch.nn.functional.gelu(t, approximate="tanh")
        inner = gelu(self.linear(x, f"{place}.wi_0")) * self.linear(x, f"{place}.wi_1")
        return self.module(self.linear(inner, f"{place}.wo"), place)

    def __call__(self, embeddings, target, changes):
        """One row: embeddings [n, d], ids of the target; its logits and the decoder's states."""
        self.c = changes
        x, bias = embeddings, self.bias("encoder", len(embeddings), True)
        for i in range(LAYERS):
            at = f"encoder.block.{i}.layer"
            y = self.norm(x, f"{at}.0.layer_norm")
            x = x + self.attention(y, y, f"{at}.0.SelfAttention", bias)
            x = x + self.feed_forward(self.norm(x, f"{at}.1.layer_norm"), f"{at}.1.DenseReluDense")
        memory = self.norm(x, "encoder.final_layer_norm")
        n = len(target)
        x = self.w["shared.weight"][torch.tensor([0] + target[:-1])]
        hidden = torch.triu(torch.full((n, n), -math.inf), 1)
        bias = self.bias("decoder", n, False) + hidden
        for i in range(LAYERS):
            at = f"decoder.block.{i}.layer"
            y = self.norm(x, f"{at}.0.layer_norm")
            x = x + self.attention(y, y, f"{at}.0.SelfAttention", bias)
            y = self.norm(x, f"{at}.1.layer_norm")
            nothing = torch.zeros(HEADS, n, len(memory))
            x = x + self.attention(y, memory, f"{at}.1.EncDecAttention", nothing)
            x = x + self.feed_forward(self.norm(x, f"{at}.2.layer_norm"), f"{at}.2.DenseReluDense")
        states = self.norm(x, "decoder.final_layer_norm")
        return states @ self.w["lm_head.weight"].T, states


def rows_of(tasks):
    """(task, source ids, target ids) of every row, `task: text` as compt writes a single field."""
    tokenizer = Tokenizer.from_file(str(ROOT / "stdlib/micro/backbone/tokenizer.json"))
    for task in tasks:
        for text, label in ROWS[task]:
            yield task, tokenizer.encode(f"text: {text}").ids, tokenizer.encode(label).ids


class Run:
    """One case: parameters by compt's names, trained stage by stage."""

    def __init__(self, name, weights):
        self.name, self.weights = name, weights
        self.model, self.parameters, self.losses = T5(weights), {}, []

    def parameter(self, name, *shape, scale=0.5, around=0.0):
        value = (around + scale * torch.randn(*shape)).float()
        OUT[f"{self.name}/init/{name}"] = value.clone()
        self.parameters[name] = value.double().requires_grad_()
        return self.parameters[name]

    def per_task(self, group, part, *shape, tasks=TASKS, **how):
        return {t: self.parameter(f"{group}.{t}{part}", *shape, **how) for t in tasks}

    def forward(self, tasks, give):
        """Rows with what `give(task, embeddings)` gives each: prompt, shift, changes."""
        for task, source, target in rows_of(tasks):
            embeddings = self.weights["shared.weight"][torch.tensor(source)]
            given = give(task, embeddings)
            embeddings = embeddings + given.get("shift", 0)
            if "prompt" in given:
                parts = [given["prompt"], embeddings]
                if given.get("append"):
                    parts = [embeddings[:-1], given["prompt"], embeddings[-1:]]
                embeddings = torch.cat(parts)
            logits, states = self.model(embeddings, target, given.get("changes", {}))
            yield task, logits, states, torch.tensor(target)

    def loss(self, tasks, give, extra=None):
        found = list(self.forward(tasks, give))
        losses = [torch.nn.functional.cross_entropy(l, t, reduction="none") for _, l, _, t in found]
        loss = torch.cat(losses).mean()
        return loss if extra is None else loss + extra(found)

    def stage(self, groups, give, steps, tasks=TASKS, extra=None):
        trained = {n: p for n, p in self.parameters.items() if n.split(".")[0] in groups}
        moments = {}
        for _ in range(steps):
            loss = self.loss(tasks, give, extra)
            grads = torch.autograd.grad(loss, trained.values(), allow_unused=True)
            first = f"{self.name}/loss" not in OUT
            if first:
                OUT[f"{self.name}/loss"] = loss.detach().float()
            self.losses.append(loss.item())
            for (name, p), g in zip(trained.items(), grads):
                if g is None:
                    continue
                if first:
                    OUT[f"{self.name}/grad/{name}"] = g.float().contiguous()
                m = moments.setdefault(name, [0, torch.zeros_like(g), torch.zeros_like(g)])
                m[0] += 1
                m[1] = 0.9 * m[1] + 0.1 * g
                m[2] = 0.999 * m[2] + 0.001 * g * g
                with torch.no_grad():
                    up, down = m[1] / (1 - 0.9 ** m[0]), (m[2] / (1 - 0.999 ** m[0])).sqrt() + EPS
                    p.mul_(1 - RATE * DECAY).sub_(RATE * up / down)

    def prompts(self, of_task):
        for task in TASKS:
            OUT[f"{self.name}/prompt/{task}"] = of_task(task).detach().float().contiguous()

    def assign(self, name, value):
        with torch.no_grad():
            self.parameters[name].copy_(value)

    def end(self):
        OUT[f"{self.name}/losses"] = torch.tensor(self.losses).float()
        for name, p in self.parameters.items():
            OUT[f"{self.name}/end/{name}"] = p.detach().float().contiguous()
        print(f"{self.name}: {len(self.losses)} steps, {self.losses[0]:.4f} to {self.losses[-1]:.4f}")


def shapes(weights):
    return {n.removesuffix(".weight"): w for n, w in weights.items()
            if n.endswith(".weight") and "." in n.removesuffix(".weight") and "relative" not in n}


def alone(run, groups, give, steps):
    for task in TASKS:
        run.stage(groups, give, steps, [task])


def lora(weights):
    run, of_task = Run("lora", weights), {}
    for task in TASKS:
        of_task[task] = {}
        for place, w in shapes(weights).items():
            if place.endswith(("Attention.q", "Attention.v")):
                a = run.parameter(f"lora.{task}.{place}.a", 2, w.shape[1])
                b = run.parameter(f"lora.{task}.{place}.b", w.shape[0], 2)
                of_task[task][place] = {"low_rank": (a, b, 3 / 2)}
    alone(run, ["lora"], lambda task, _: {"changes": of_task[task]}, 3)
    run.end()


def adapters(weights):
    run, of_task = Run("adapters", weights), {}
    for task in TASKS:
        of_task[task] = {}
        modules = {p.rsplit(".", 1)[0] for p in shapes(weights)}
        for place in sorted(p for p in modules if p.endswith(("SelfAttention", "DenseReluDense"))):
            new = lambda part, *shape: run.parameter(f"adapter.{task}.{place}.{part}", *shape)
            of_task[task][place] = {"bottleneck": (
                new("down", 2, D), new("down_bias", 2), new("up", D, 2), new("up_bias", D))}
        for place, w in shapes(weights).items():
            if place.endswith("layer_norm"):
                of_task[task][place] = {
                    "gain": run.parameter(f"norm.{task}.{place}.gain", D, scale=0.1, around=1.0)}
    alone(run, ["adapter", "norm"], lambda task, _: {"changes": of_task[task]}, 3)
    run.end()


def bitfit(weights):
    run, of_task = Run("bitfit", weights), {}
    for task in TASKS:
        of_task[task] = {p: {"bias": run.parameter(f"bias.{task}.{p}", w.shape[0], scale=0.2)}
                         for p, w in shapes(weights).items()}
    alone(run, ["bias"], lambda task, _: {"changes": of_task[task]}, 3)
    run.end()


def prefix_tuning(weights):
    run, of_task = Run("prefix_tuning", weights), {}
    stacks = [[f"{stack}.block.{i}.layer.{layer}" for i in range(LAYERS)] for stack, layer in
              [("encoder", "0.SelfAttention"), ("decoder", "0.SelfAttention"), ("decoder", "1.EncDecAttention")]]
    for task in TASKS:
        of_task[task] = []
        for s, places in enumerate(stacks, 1):
            new = lambda part, *shape: run.parameter(f"prefix.{task}.{s}.{part}", *shape)
            of_task[task].append((places, new("embedding", M, D), new("w1", 5, D), new("b1", 5),
                                  new("w2", LAYERS * 2 * INNER, 5), new("b2", LAYERS * 2 * INNER)))

    def give(task, _):
        changes = {}
        for places, rows, w1, b1, w2, b2 in of_task[task]:
            out = (torch.tanh(rows @ w1.T + b1) @ w2.T + b2).view(M, LAYERS, 2, INNER)
            for i, place in enumerate(places):
                changes[place] = {"prefix": (out[:, i, 0], out[:, i, 1])}
        return {"changes": changes}

    alone(run, ["prefix"], give, 3)
    run.end()


def dept(weights):
    run = Run("dept", weights)
    p = run.per_task("private", "", M, D)
    ab = {}
    for task in TASKS:
        ab[task] = (run.parameter(f"update.{task}.a", 40, 2), run.parameter(f"update.{task}.b", 2, D))
    scale = 3 / math.sqrt(2)
    give = lambda task, x: {"prompt": p[task], "shift": scale * ab[task][0][: len(x)] @ ab[task][1]}
    alone(run, ["private", "update"], give, 3)
    run.end()


def spot(weights):
    run = Run("spot", weights)
    source = run.parameter("source.mixture", M, D)
    private = run.per_task("private", "", M, D)
    run.stage(["source"], lambda task, _: {"prompt": source}, 3)
    for task in TASKS:
        run.assign(f"private.{task}", source)
    alone(run, ["private"], lambda task, _: {"prompt": private[task]}, 3)
    run.end()


def cosine(a, b):
    a, b = a.mean(0), b.mean(0)
    return (a @ b / (a.norm() * b.norm())).item()


def spot_average(weights):
    run = Run("spot_average", weights)
    source = run.per_task("source", "", M, D)
    private = run.per_task("private", "", M, D)
    alone(run, ["source"], lambda task, _: {"prompt": source[task]}, 3)
    alone(run, ["private"], lambda task, _: {"prompt": private[task]}, 3)
    for task in TASKS:
        found = sorted(((cosine(private[task], source[s]), source[s]) for s in TASKS), key=lambda f: -f[0])
        w = [max(c, 1e-6 if i == 0 else 0.0) for i, (c, _) in enumerate(found)]
        run.assign(f"private.{task}", sum(x * s for x, (_, s) in zip(w, found)) / sum(w))
    alone(run, ["private"], lambda task, _: {"prompt": private[task]}, 6)
    run.end()


def attempt(weights, shared):
    run = Run("attempt_m" if shared else "attempt", weights)
    source = run.per_task("source", "", M, D)
    private = run.per_task("private", "", M, D)
    attention = {}
    for name in ["shared"] if shared else TASKS:
        new = lambda part, *shape, **how: run.parameter(f"attention.{name}.{part}", *shape, **how)
        attention[name] = (new("down", 5, D), new("up", D, 5), new("gain", D, scale=0.1, around=1.0),
                           new("bias", D, scale=0.1))

    def give(task, x):
        down, up, gain, bias = attention["shared" if shared else task]
        h = up @ torch.nn.functional.silu(down @ x.max(0).values)
        h = (h - h.mean()) / torch.sqrt(h.var(unbiased=False) + 1e-5) * gain + bias
        all_prompts = [source[s].detach() for s in TASKS] + [private[task]]
        scores = torch.stack([h @ p.max(0).values for p in all_prompts]) / (D * math.e)
        a = torch.softmax(scores, 0)
        return {"prompt": private[task] + sum(w * p for w, p in zip(a, all_prompts))}

    alone(run, ["source"], lambda task, _: {"prompt": source[task]}, 3)
    if shared:
        run.stage(["private", "attention"], give, 3)
    else:
        alone(run, ["private", "attention"], give, 3)
    run.end()


def mpt(weights):
    run = Run("mpt", weights)
    teacher = run.per_task("teacher", "", M, D)
    star = run.parameter("shared.prompt", M, D)
    uv = {group: {t: (run.parameter(f"{group}.{t}.u", M, around=1.0), run.parameter(f"{group}.{t}.v", D, around=1.0))
                  for t in TASKS} for group in ["source", "private"]}
    composed = lambda group: lambda task, _: {"prompt": star * torch.outer(*uv[group][task])}
    of_teacher = lambda task, _: {"prompt": teacher[task]}
    alone(run, ["teacher"], of_teacher, 3)

    def distil(found):
        with torch.no_grad():
            taught = list(run.forward(TASKS, of_teacher))
        kl = torch.cat([torch.nn.functional.kl_div(torch.log_softmax(s[1], -1), torch.log_softmax(t[1], -1),
                                                   reduction="none", log_target=True).sum(-1)
                        for s, t in zip(found, taught)]).mean()
        far = torch.cat([((s[2] - t[2]) ** 2).mean(-1) for s, t in zip(found, taught)]).mean()
        return 0.9 * (kl + far)

    run.stage(["shared", "source"], composed("source"), 3, extra=distil)
    for i, part in enumerate("uv"):
        mean = torch.stack([uv["source"][t][i].detach() for t in TASKS]).mean(0)
        for t in TASKS:
            run.assign(f"private.{t}.{part}", mean)
    run.stage(["shared", "private"], composed("private"), 6)
    run.end()


def mp2(weights):
    run, k = Run("mp2", weights), 4
    z, a = run.parameter("source.z", k, 5), run.parameter("source.A", 5, M * D)
    pre = run.per_task("source_router", "", k)
    router = run.per_task("router", "", k)
    u = torch.tensor([0.3, 0.8, 0.55, 0.1], dtype=torch.float32).double()
    OUT["mp2/u"] = u.float()

    def give(logits):
        def prompt(task, _):
            w = torch.sigmoid(logits[task] + torch.log(u) - torch.log(1 - u))
            return {"prompt": torch.einsum("k,kmd->md", w / w.sum(), (z @ a).view(k, M, D))}
        return prompt

    w = {t: torch.sigmoid(pre[t]) for t in TASKS}
    run.prompts(lambda t: torch.einsum("k,kmd->md", w[t] / w[t].sum(), (z @ a).view(k, M, D)))
    run.stage(["source", "source_router"], give(pre), 6)
    run.stage(["router"], give(router), 3)
    run.stage(["source"], give(router), 3)
    run.end()


def mixed(weights, name, mix, join, share):
    run, s = Run(name, weights), 2
    source = [run.parameter(f"source.{i}", M, D) for i in range(s)]
    rows = s * M if mix == "concat" else M
    private = run.per_task("private", "", M if join == "concat" else rows, D)
    if mix == "linear":
        w1, w2 = run.parameter("mixer.w1", s * M, s * M), run.parameter("mixer.w2", M, s * M)
    learned = {t: run.parameter(f"mixer.share.{t}", 1, 1) for t in TASKS} if share == "learned" else {}

    def prompt(task):
        soft = {"mean": lambda: sum(source) / s, "max": lambda: torch.stack(source).max(0).values,
                "concat": lambda: torch.cat(source), "linear": lambda: w2 @ (w1 @ torch.cat(source))}[mix]()
        own = private[task]
        if share is not None:
            a = torch.sigmoid(learned[task]) if learned else share
            soft, own = (1 - a) * soft, a * own
        return {"sum": lambda: soft + own, "product": lambda: soft * own,
                "concat": lambda: torch.cat([soft, own])}[join]()

    run.prompts(prompt)
    run.stage(["source", "private", "mixer"], lambda task, _: {"prompt": prompt(task), "append": True}, 3)
    run.end()


def p_tuning(weights):
    """torch's own LSTM; ReLU between two Linears."""
    run, params = Run("p_tuning", weights), {}
    for t in TASKS:
        new = lambda part, *shape: run.parameter(f"private.{t}.{part}", *shape)
        lstm = torch.nn.LSTM(D, D // 2, num_layers=2, bidirectional=True, batch_first=True)
        names = [n for n, _ in lstm.named_parameters()]
        p = {n: new(f"encoder.lstm.{n}", *dict(lstm.named_parameters())[n].shape) for n in names}
        params[t] = (new("embedding", M, D), lstm, p, new("encoder.w1", D, D), new("encoder.b1", D),
                     new("encoder.w2", D, D), new("encoder.b2", D))

    def prompt(task):
        rows, lstm, p, w1, b1, w2, b2 = params[task]
        out, _ = torch.func.functional_call(lstm, p, (rows.unsqueeze(0),))
        return torch.relu(out[0] @ w1.T + b1) @ w2.T + b2

    run.prompts(prompt)
    alone(run, ["private"], lambda task, _: {"prompt": prompt(task)}, 3)
    run.end()


def ulpt(weights):
    run, p = Run("ulpt", weights), {}
    fixed = torch.randn(2, D).float()
    OUT["ulpt/projection"] = fixed
    for t in TASKS:
        new = lambda part, *shape, **how: run.parameter(f"private.{t}.{part}", *shape, **how)
        p[t] = (new("z", M, 2), new("scale", D, around=1.0), new("shift", D))
    prompt = lambda t: (p[t][0] @ fixed.double()) * p[t][1] + p[t][2]
    run.prompts(prompt)
    alone(run, ["private"], lambda task, _: {"prompt": prompt(task)}, 3)
    run.end()


def residual(weights, separate):
    """torch's own layers, a row at a time."""
    run = Run("residual_separate" if separate else "residual", weights)
    rows, w, p = M if separate else 1, 5, run.per_task("private", "", M, D)
    parts = {t: {part: run.parameter(f"network.{t}.{part}", *shape, **how) for part, shape, how in [
        ("w1", (rows, w, D), {}), ("b1", (rows, w), {}), ("w2", (rows, D, w), {}), ("b2", (rows, D), {}),
        ("gain", (rows, D), {"scale": 0.1, "around": 1.0}), ("bias", (rows, D), {"scale": 0.1})]} for t in TASKS}

    def prompt(task):
        out = []
        for i, row in enumerate(p[task]):
            n = {k: v[i if separate else 0] for k, v in parts[task].items()}
            inner = torch.nn.functional.linear(row, n["w1"], n["b1"]).relu()
            outer = torch.nn.functional.linear(inner, n["w2"], n["b2"])
            out.append(row + torch.nn.functional.layer_norm(outer, (D,), n["gain"], n["bias"]))
        return torch.stack(out)

    run.prompts(prompt)
    alone(run, ["private", "network"], lambda task, _: {"prompt": prompt(task)}, 3)
    run.end()


def smop(weights, top):
    """As in the published code: the best prompts are looked up and weighed, without masks."""
    run, k = Run(f"smop_{top}", weights), 4
    p, router = run.per_task("private", "", k, M, D), run.per_task("router", "", k, D)
    noise = torch.randn(k).float()
    OUT[f"smop_{top}/noise"] = noise

    def give(task, x):
        scores = torch.nn.functional.linear(x.mean(0), router[task])
        values, best = torch.topk(torch.softmax(scores + noise.double() * scores.detach(), -1), top)
        return {"prompt": (p[task][best] * values.view(-1, 1, 1)).sum(0)}

    alone(run, ["private", "router"], give, 3)
    run.end()


def lopa(weights):
    run, r, w, p, heads = Run("lopa", weights), 2, 5, None, {}
    p = run.per_task("private", "", M, D)
    for t in TASKS:
        for part, size in [("rows", M), ("columns", D)]:
            new = lambda name, *shape: run.parameter(f"gate.{t}.{part}.{name}", *shape)
            heads[t, part] = (new("down", w, D), new("down_bias", w), new("up", size * r, w), new("up_bias", size * r))

    def give(task, x):
        def factor(part):
            down, down_bias, up, up_bias = heads[task, part]
            inner = torch.tanh(torch.nn.functional.linear(x.mean(0), down, down_bias))
            return torch.nn.functional.linear(inner, up, up_bias).view(-1, r)
        return {"prompt": p[task] * torch.sigmoid(factor("rows") @ factor("columns").T)}

    alone(run, ["private", "gate"], give, 3)
    run.end()


def adept(weights):
    run, r, n = Run("adept", weights), 2, {}
    p = run.per_task("private", "", M, D)
    for t in TASKS:
        new = lambda part, *shape: run.parameter(f"update.{t}.{part}", *shape)
        n[t] = (new("down", D, r), new("down_bias", r), new("up", r, D), new("up_bias", D))
    shift = lambda task, x: torch.relu(x @ n[task][0] + n[task][1]) @ n[task][2] + n[task][3]
    alone(run, ["private", "update"], lambda task, x: {"prompt": p[task], "shift": shift(task, x)}, 3)
    run.end()


def hpt(weights):
    """A row at a time, with torch's own layers and pooling."""
    run, w, linear = Run("hpt", weights), 5, torch.nn.functional.linear

    def layers(prefix, sizes):
        return [run.parameter(f"{prefix}{part}{i + 1}", *shape) for i in range(2)
                for part, shape in [("w", (sizes[i + 1], sizes[i])), ("b", (sizes[i + 1],))]]

    sizes = (D, w, M * D)
    shared, gate = layers("shared.", sizes), layers("gate.", (2 * D, 2 * w, D))
    adaptive = {t: layers(f"adaptive.{t}.", sizes) for t in TASKS}
    private = {t: layers(f"private.{t}.", sizes) for t in TASKS}
    made = lambda n, h: linear(torch.tanh(linear(h, n[0], n[1])), n[2], n[3])

    def give(attends):
        def prompt(task, x):
            h = x.mean(0)
            all_tasks = torch.stack([made(adaptive[t], h) for t in TASKS])
            own = made(adaptive[task], h).view(M, D)
            if attends:
                pooled = torch.nn.AdaptiveAvgPool1d(D)(all_tasks.unsqueeze(0))[0]
                a = torch.softmax(pooled @ h / math.sqrt(D), 0)
                mixed = (a @ all_tasks).view(M, D)
                g = linear(linear(torch.cat([own, mixed], -1), gate[0], gate[1]), gate[2], gate[3]).sigmoid()
                own = own * g + mixed * (1 - g)
            return {"prompt": torch.cat([made(shared, h).view(M, D), own, made(private[task], h).view(M, D)])}
        return prompt

    run.stage(["shared", "adaptive", "private"], give(False), 3)
    run.stage(["adaptive", "gate", "private"], give(True), 3)
    alone(run, ["private"], give(True), 3)
    run.end()


def grouped(weights, name, paths, own, join):
    """`paths`: the groups of each task, from the widest."""
    run = Run(name, weights)
    group = {g: run.parameter(f"group.{g}", M, D) for g in sorted({g for path in paths.values() for g in path})}
    private = run.per_task("private", "", M, D) if own else {}

    def prompt(task):
        found = [group[g] for g in paths[task]] + ([private[task]] if own else [])
        return torch.cat(found) if join == "concat" else sum(found)

    run.prompts(prompt)
    run.stage(["group", "private"], lambda task, _: {"prompt": prompt(task)}, 3)
    run.end()


def fine_tuning(weights):
    run = Run("fine_tuning", {})
    for name, value in weights.items():
        OUT[f"fine_tuning/init/{name}"] = value.float().contiguous()
        run.parameters[name] = value.clone().requires_grad_()
    run.weights = run.model.w = run.parameters
    run.stage({n.split(".")[0] for n in weights}, lambda *_: {}, 3)
    run.end()


def main():
    model = backbone()
    weights = {n: w.detach().double() for n, w in load_file(HERE / "backbone" / "model.safetensors").items()}
    plain = Run("check", weights)
    for task, source, target in rows_of(TASKS):
        wanted = model(input_ids=torch.tensor([source]), labels=torch.tensor([target])).logits[0]
        embeddings = weights["shared.weight"][torch.tensor(source)]
        # transformers takes its softmax in float32.
        assert torch.allclose(plain.model(embeddings, target, {})[0], wanted, atol=5e-5)
    fine_tuning(weights)
    p_tuning(weights)
    lora(weights)
    adapters(weights)
    bitfit(weights)
    prefix_tuning(weights)
    dept(weights)
    spot(weights)
    spot_average(weights)
    attempt(weights, False)
    attempt(weights, True)
    mpt(weights)
    mp2(weights)
    mixed(weights, "mixed_mean", "mean", "sum", None)
    mixed(weights, "mixed_max", "max", "product", None)
    mixed(weights, "mixed_concat", "concat", "sum", 0.3)
    mixed(weights, "mixed_linear", "linear", "concat", "learned")
    ulpt(weights)
    residual(weights, False)
    residual(weights, True)
    smop(weights, 1)
    smop(weights, 2)
    lopa(weights)
    adept(weights)
    grouped(weights, "grouped", {"mood": ["all"], "kind": ["all", "inner"]}, True, "sum")
    grouped(weights, "grouped_alone", {"mood": ["all"], "kind": ["all"]}, False, "sum")
    grouped(weights, "grouped_concat", {"mood": ["all"], "kind": ["all"]}, True, "concat")
    hpt(weights)
    save_file(OUT, HERE / "golden.safetensors")
    (HERE / "rows.json").write_text(json.dumps(ROWS, indent=2) + "\n")
    print(sum(f.stat().st_size for f in HERE.rglob("*") if f.is_file()) // 1024, "KiB")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
