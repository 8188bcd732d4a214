--- MCAT (ComPT): P_t = P_u * concat_s(w_ts P_s); the prompt, and so P_u, has S * m rows.
---
--- With the paper's inference weights, softmax of the logits, parts of the concatenated prompt become much smaller than
--- they ever are in training. `router = { eval = "softmax_sigmoid" }` or `router = "constant"` uses similar weights in both
--- phases.
return require "compt.methods.declare"("mcat", { compose = "concat", sources = 3, length = 10 })
