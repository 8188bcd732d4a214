--- Prompt tuning (Lester et al. 2021) with ComPT's encoder: a private prompt [m, d] per task and nothing shared. Each task
--- is trained separately, like the baseline of the paper. `alone = false` trains all tasks in mixed batches, with as many
--- updates as the composed methods: the fair baseline.
return require "compt.methods.declare"("pt", {
  compose = "private", sources = 0, length = 20, alone = true,
})
