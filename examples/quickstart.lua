--- ComPT's three compositions and both prompt-tuning baselines on the built-in micro tasks.
---
---     compt run examples/quickstart.lua [--seed 1] [--set shots=16] [--set epochs=30]
---
--- Half a minute on two idle cores; no network, no files. Each run is recorded below runs/quickstart/.
local compt = require "compt"

local shots = compt.args.shots or 16
local epochs = compt.args.quick and 1 or compt.args.epochs or 30

local backbone = compt.backbone "micro"
local tasks = compt.tasks("micro", { shots = shots, seed = compt.seed })

-- Two baselines: each task trained separately, as in the paper, and private prompts in mixed batches, with as many
-- updates as the composed methods.
local studies = {
  { name = "pt", method = compt.methods.pt {}, baseline = true },
  { name = "pt-mixed", method = compt.methods.pt { alone = false }, baseline = true },
  { name = "ssum", method = compt.methods.ssum {} },
  { name = "msum", method = compt.methods.msum {} },
  { name = "mcat", method = compt.methods.mcat {} },
}

local runs = {}
for _, study in ipairs(studies) do
  local trainer = compt.trainer {
    name = study.name,
    backbone = backbone,
    tasks = tasks,
    method = study.method,
    epochs = epochs,
    batch_size = 16,
  }
  trainer:run()
  local result = trainer:evaluate "test"
  runs[#runs + 1] = { name = study.name, result = result, baseline = study.baseline }

  if study.name == "mcat" then
    -- The same prompts with inference weights that are similar to those of training.
    local alike = trainer:evaluate("test", { normalise = "softmax_sigmoid" })
    runs[#runs + 1] = { name = "mcat, softmax_sigmoid", result = alike }
  end
end

print(("%d shots a task, test scores in percent"):format(shots))
print(compt.report.methods(tasks, runs))
