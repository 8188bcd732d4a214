--- MCAT (ComPT): P_t = P_u * concat_s(w_ts P_s); the prompt, and so P_u, has S * m rows.
---
--- With the paper's inference weights, softmax of the logits, parts of the concatenated prompt
--- vanish: they were never that small in training. `router = { eval = "softmax_sigmoid" }` or
--- `router = "constant"` keeps the two phases alike.
return require "compt.methods.declare"("mcat", { compose = "concat", sources = 3, length = 10 })
