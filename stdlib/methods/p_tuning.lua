--- P-tuning (Liu et al. 2021), as `peft` computes it: a private prompt a task, trained through a
--- two-layer bidirectional LSTM (d/2 a direction) and an MLP; only the prompt itself is kept.
return require "compt.methods.declare"("p_tuning", {
  compose = "private", sources = 0, length = 20, alone = true, placement = "prepend",
  encoder = "lstm", lr = { private = 0.01 },
})
