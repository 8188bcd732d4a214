--- P-tuning (Liu et al. 2021), as `peft` computes it: a private prompt [m, d] per task, trained through a two-layer
--- bidirectional LSTM (d / 2 per direction) and an MLP. Only the resulting prompt is kept.
return require "compt.methods.declare"("p_tuning", {
  compose = "private", sources = 0, length = 20, alone = true, placement = "prepend",
  encoder = "lstm", lr = { private = 0.01 },
})
