--- Prompt tuning (Lester et al. 2021) with ComPT's encoder: a private prompt a task and nothing
--- shared. Each task is trained alone, as the paper's baseline is; `alone = false` trains them in
--- the mixed batches of the composed methods, so with as many updates as those: the fair baseline.
return require "compt.methods.declare"("pt", {
  compose = "private", sources = 0, length = 20, alone = true,
})
