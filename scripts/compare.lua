--- Compares all methods on the same backbone, rows, seeds and evaluation.
---
---     compt run scripts/compare.lua --out runs/compare
---     compt run scripts/compare.lua --set seeds=1 --set methods=ssum,lora
---     compt run scripts/compare.lua --set tasks=glue --set data=DIR --set backbone=t5-base --set shots=32
---
--- Prints mean and standard deviation over seeds of the average over tasks, and paired t-tests of each method against two
--- baselines: prompt tuning of each task separately (`pt`) and in mixed batches (`pt-m`). Pairs are the scores of a task
--- with a seed; p values have Holm's correction over the methods. All methods use the same number of epochs.
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

--- One run: the main metric of each task.
---@param entry Entry
---@param set compt.Tasks
---@return number[]
local function scores(entry, set, seed)
  local trainer = compt.trainer {
    name = ("%s-%d"):format(entry.name, seed), backbone = backbone, tasks = set, method = entry.method,
    epochs = quick and 8 or args.epochs or 30, batch_size = 16, seed = seed,
    max_source_length = args.max_source_length,
  }
  trainer:run()
  local found, list = trainer:evaluate("test").scores, {}
  for i, task in ipairs(set.names) do list[i] = found[task][set:metrics(task)[1]] end
  return list
end

---@class Row
---@field name string
---@field averages number[]
---@field scores number[]

local rows, baselines = {}, {} ---@type Row[], Row[]
for _, entry in ipairs(methods) do
  if not chosen or chosen[entry.name] then
    local averages, all = {}, {}
    for seed, set in ipairs(tasks) do
      local list = scores(entry, set, seed)
      averages[seed] = compt.statistics.mean(list)
      table.move(list, 1, #list, #all + 1, all)
    end
    local row = { name = entry.name, averages = averages, scores = all }
    rows[#rows + 1] = row
    if entry.baseline then baselines[#baselines + 1] = row end
    io.stderr:write(("%s: %.1f\n"):format(row.name, compt.statistics.mean(averages)))
  end
end

--- Corrected p values against a baseline, by method.
---@param baseline Row
---@return table<string, number>
local function tested(baseline)
  local names, ps, found = {}, {}, {}
  for i = #baselines + 1, #rows do
    local row = rows[i] --[[@as Row]]
    local _, p = compt.statistics.paired_t(row.scores, baseline.scores)
    names[#names + 1], ps[#ps + 1] = row.name, p
  end
  if #ps == 0 then return found end
  for i, p in ipairs(compt.statistics.holm(ps)) do found[names[i]] = p end
  return found
end

local head, against = { "method", "mean", "sd" }, {}
for i, baseline in ipairs(baselines) do
  head[#head + 1], head[#head + 2] = "- " .. baseline.name, "p"
  against[i] = tested(baseline)
end
local lines = { head }
for _, row in ipairs(rows) do
  local mean = compt.statistics.mean(row.averages)
  local line = { row.name, ("%.1f"):format(mean), ("%.1f"):format(compt.statistics.sd(row.averages)) }
  for i, baseline in ipairs(baselines) do
    local margin, p = mean - compt.statistics.mean(baseline.averages), against[i][row.name]
    line[#line + 1] = row == baseline and "" or ("%+.1f"):format(margin)
    line[#line + 1] = p and (p < 0.001 and "< 0.001" or ("%.3f"):format(p)) or ""
  end
  lines[#lines + 1] = line
end
print(("%d methods, %d seeds; p: paired t-test over tasks and seeds, corrected by Holm"):format(#rows, seeds))
print(compt.report.grid(lines))
