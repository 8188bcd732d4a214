--- MSUM (ComPT): P_t = P_u * sum_s w_ts P_s.
return require "compt.methods.declare"("msum", { compose = "product", sources = 3, length = 20 })
