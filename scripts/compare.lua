--- Compares all methods on the same backbone, rows, seeds and evaluation.
---
---     compt run scripts/compare.lua --out runs/compare
---     compt run scripts/compare.lua --set seeds=1 --set methods=ssum,lora
---     compt run scripts/compare.lua --set tasks=glue --set data=DIR --set backbone=t5-base --set shots=32
---
--- Prints a table of tasks against each of two baselines: prompt tuning of each task separately (`pt`) and in mixed batches
--- (`pt-m`), with mean and standard deviation over seeds, differences with confidence intervals, and marks by the rule of
--- `compt.report.table`. All methods use the same number of epochs.
---
--- Learning rates that differ from the defaults were chosen from three or four values on validation rows of the micro tasks
--- with seed 100, which is not used here.
local compt = require "compt"

local args = compt.args
local quick = args.quick
local m = compt.methods

---@class Entry
---@field name string
---@field method compt.Method
---@field baseline boolean?

---@type Entry[]
local methods = {
  { name = "pt", method = m.pt {}, baseline = true },
  { name = "pt-m", method = m.pt { alone = false }, baseline = true },
  { name = "ssum", method = m.ssum {} },
  { name = "msum", method = m.msum {} },
  { name = "mcat", method = m.mcat { router = { eval = "softmax_sigmoid" } } },
  { name = "p-tuning", method = m.p_tuning {} },
  { name = "prefix", method = m.prefix_tuning { lr = { prefix = 1e-3 } } },
  { name = "lora", method = m.lora { lr = { lora = 1e-2 } } },
  { name = "adapters", method = m.adapters { lr = { adapter = 1e-2, norm = 1e-2 } } },
  { name = "bitfit", method = m.bitfit { lr = { bias = 1e-2 } } },
  { name = "fine-tuning", method = m.fine_tuning { lr = { backbone = 3e-4 } } },
  { name = "dept", method = m.dept { lr = { private = 0.3, update = 0.015 } } },
  { name = "spot", method = m.spot {} },
  { name = "spot-best", method = m.spot { retrieve = "best" } },
  { name = "spot-avg", method = m.spot { retrieve = "average" } },
  { name = "attempt", method = m.attempt { lr = { source = 1, private = 1, attention = 0.1 } } },
  { name = "attempt-m", method = m.attempt { shared = true, lr = { source = 0.3, private = 0.3, attention = 0.01 } } },
  { name = "mpt", method = m.mpt { lr = { teacher = 0.3, shared = 0.1, source = 0.1, private = 0.1 } } },
  { name = "mp2", method = m.mp2 {
    length = 20, rank = 50, pretrain = 0.03, lr = { router = 0.1, source_router = 0.1, source = 0.01 },
  } },
  { name = "mean", method = m.mixed { mix = "mean" } },
  { name = "max", method = m.mixed { mix = "max" } },
  { name = "concat", method = m.mixed { mix = "concat", length = 10 } },
  { name = "mixer", method = m.mixed { mix = "linear", share = "learned" } },
}

local chosen
if args.methods then
  chosen = {}
  local known = {}
  for _, entry in ipairs(methods) do known[entry.name] = true end
  for name in args.methods:gmatch "[^,]+" do
    chosen[name] = assert(known[name], "--set methods: there is no method " .. name)
  end
  for _, entry in ipairs(methods) do chosen[entry.name] = chosen[entry.name] or entry.baseline end
end

local backbone = compt.backbone(args.backbone or "micro")
local seeds = quick and 2 or args.seeds or 3
local tasks = {} ---@type compt.Tasks[]
for seed = 1, seeds do
  tasks[seed] = compt.tasks(args.tasks or "micro", {
    data = args.data, shots = quick and 2 or args.shots or 16, seed = seed, max_test = quick and 2 or args.max_test,
  })
end

--- One run; returns its folder and the average over tasks.
---@param entry Entry
---@param set compt.Tasks
---@return string, number
local function run(entry, set, seed)
  local trainer = compt.trainer {
    name = ("%s-%d"):format(entry.name, seed), backbone = backbone, tasks = set, method = entry.method,
    epochs = quick and 8 or args.epochs or 30, batch_size = 16, seed = seed,
    max_source_length = args.max_source_length,
  }
  trainer:run()
  local average = trainer:evaluate("test").average
  return assert(trainer.out, "the run has no folder"), average
end

local paths, names, baselines = {}, {}, {} ---@type string[], table<string, string>, string[]
for _, entry in ipairs(methods) do
  if not chosen or chosen[entry.name] then
    local averages = {}
    for seed, set in ipairs(tasks) do
      local path, average = run(entry, set, seed)
      paths[#paths + 1], names[path], averages[seed] = path, entry.name, average
    end
    if entry.baseline then baselines[#baselines + 1] = entry.name end
    io.stderr:write(("%s: %.1f\n"):format(entry.name, compt.statistics.mean(averages)))
  end
end

local runs = compt.runs(paths)
for _, baseline in ipairs(baselines) do
  print(compt.report.table(runs, {
    title = "Test scores, against " .. baseline, rows = "method", columns = "task", baseline = baseline,
    label = function(one) return { method = names[one.path] } end,
  }))
end
