--- SSUM (ComPT): P_t = P_u + sum_s w_ts P_s.
return require "compt.methods.declare"("ssum", { compose = "sum", sources = 3, length = 20 })
