--- Compares all methods on the same backbone, rows, seeds and evaluation.
---
---     compt run scripts/compare.lua --out runs/compare --jobs 2
---     compt run scripts/compare.lua --set seeds=1 --set methods=ssum,lora
---     compt run scripts/compare.lua --set tasks=glue --set data=DIR --set backbone=t5-base --set shots=32
---
--- The options are those of the paper's studies (scripts/paper/study.lua), and methods=a,b. The learning rates of every method
--- are chosen first, with the same budget of five runs on validation rows and a seed that is not used here
--- (scripts/paper/rates.lua); the record of each choice is beside its runs. All methods make the same number of epochs.
--- Prints a table of tasks against each of two baselines: prompt tuning of each task separately (`pt`) and in mixed batches
--- (`pt-m`), with differences and marks by the rule of `compt.report.table`; pages/compare.md has both, too.
local compt = require "compt"
local cell = require "paper.cell"
local methods = require "paper.methods"
local paper = require "paper.study"
local rates = require "paper.rates"

local BASELINES = { "pt", "pt-m" }

--- The baselines, and the methods of the command line or all.
---@return string[]
local function wanted()
  local names, known = {}, {}
  local given = compt.args.methods or table.concat(methods.names(), ",")
  for name in (table.concat(BASELINES, ",") .. "," .. given):gmatch "[^,]+" do
    methods.of { method = name, sources = 3 }
    if not known[name] then names[#names + 1], known[name] = name, true end
  end
  return names
end

local out = compt.out or "runs/compare"
local o = paper.options()
paper.refuse({ "runs", "rows", "second", "only_second" }, "compare.lua has no such option")
local settings, list = { shots = paper.middle(o), epochs = o.epochs }, {}
for i, method in ipairs(wanted()) do list[i] = { method = method } end
for i, s in ipairs(paper.cells(o, { settings = settings, list = list })) do list[i].scale = rates(s, out, o.quick) end

local runs = compt.ablate {
  name = "compare", out = out, args = false, run = cell.run,
  list = paper.cells(o, { settings = settings, list = list, grid = { seed = o.seeds } }),
}
local parts = {}
for i, baseline in ipairs(BASELINES) do
  local title = "Test scores, against " .. baseline
  parts[i] = compt.report.table(runs, { title = title, rows = "method", columns = "task", baseline = baseline })
end
paper.file("compare.md", paper.write({ name = "compare", title = "All methods" }, parts))
