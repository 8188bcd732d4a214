--- Training steps of a narrow T5 with the layers of a T5-base, whose operations launches.py counts.
---
---     --set steps=N --set dropout=P [--set method=NAME]
local compt = require "compt"

local args = compt.args
local micro = compt.backbone("micro", { device = "cpu" })
local backbone = compt.backbone({
  d_model = 48, d_kv = 4, d_ff = 64, num_heads = 12, num_layers = 12, vocab_size = micro.vocab_size,
  feed_forward_proj = "gated-gelu", tie_word_embeddings = false,
}, { tokenizer = micro.tokenizer, device = "cpu", seed = 1 })

compt.trainer({
  backbone = backbone,
  tasks = compt.tasks("micro", { shots = 16, seed = 1 }),
  method = compt.methods[args.method or "ssum"] {},
  steps = args.steps, batch_size = 20, dropout = args.dropout, progress = false,
}):run()
