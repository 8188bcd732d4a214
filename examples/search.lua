--- A search: the rate, the sources and the warm-up of SSUM on validation rows, then the choice on test rows with other
--- seeds.
---
---     compt run examples/search.lua --jobs 2
---     compt run examples/search.lua --dry-run
---
--- The search costs as much training as 4 runs: 17 settings are tried for a ninth of the steps, and the best of them go on.
--- If it is stopped, start it again: it continues, and what is finished is not run again.
local compt = require "compt"

local quick = compt.args.quick

local function trainer(s)
  return compt.trainer {
    backbone = compt.backbone "micro",
    tasks = compt.tasks("micro", { shots = quick and 2 or 16, seed = s.seed, max_test = quick and 4 or nil }),
    method = compt.methods.ssum {
      sources = s.sources,
      warmup = s.warmup,
      lr = { private = s.rate, source = s.rate },
    },
    epochs = quick and 2 or 30,
    batch_size = 16,
    seed = s.seed,
  }
end

local best = compt.search {
  name = "rate",
  space = {
    rate = { low = 1e-3, high = 1, log = true },
    sources = { 1, 3, 5 },
    warmup = { low = 0, high = 0.2 },
  },
  settings = { seed = 100 },
  budget = 4,
  run = function(s)
    local t = trainer(s)
    t:run()
    return t:evaluate("validation", { limit = quick and 2 or nil })
  end,
}
print(best)

local runs = compt.ablate {
  name = "chosen",
  settings = best.settings,
  grid = { seed = quick and { 1 } or { 1, 2, 3 } },
  run = function(s)
    local t = trainer(s)
    t:run()
    return t:evaluate "test"
  end,
}
print(compt.report.table(runs, { rows = "rate", columns = "task" }))
