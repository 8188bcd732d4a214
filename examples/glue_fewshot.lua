--- The quickstart study on GLUE, with any T5 checkpoint.
---
---     compt run examples/glue_fewshot.lua --set data=DIR --set backbone=micro
---     compt run examples/glue_fewshot.lua --set data=DIR --set backbone=t5-small-lm-adapt \
---         --set shots=16 --set tasks=rte,mrpc --set max_test=1000
---
--- DIR contains TASK/train.jsonl.gz and TASK/dev.jsonl.gz (see stdlib/tasks/glue.lua). The folder of the backbone contains
--- config.json, model.safetensors, and tokenizer.json or spiece.model.
local compt = require "compt"

local args = compt.args
local data = assert(args.data, "set the folder of the GLUE rows: --set data=DIR")
local quick = args.quick

local wanted
if args.tasks then
  wanted = {}
  for task in args.tasks:gmatch "[^,]+" do
    wanted[#wanted + 1] = task
  end
end

local backbone = compt.backbone(args.backbone or "micro")
local tasks = compt.tasks("glue", {
  data = data,
  tasks = wanted,
  shots = quick and 4 or args.shots or 16,
  max_test = quick and 4 or args.max_test or 100,
  seed = compt.seed,
})
print(backbone)
print(tasks)

local runs = {}
for _, name in ipairs { "pt", "ssum", "msum", "mcat" } do
  local trainer = compt.trainer {
    name = name,
    backbone = backbone,
    tasks = tasks,
    method = compt.methods[name] { alone = false },
    epochs = quick and 1 or args.epochs or 30,
    batch_size = 20,
    max_source_length = args.max_source_length or 128,
  }
  trainer:run()
  local result = trainer:evaluate "test"
  runs[#runs + 1] = { name = name, result = result, baseline = name == "pt" }
end
print(compt.report.methods(tasks, runs))
