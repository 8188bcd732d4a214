--- Answers to new rows: from a trainer, and from its run afterwards, without the data it was trained on.
---
---     compt run examples/predict.lua --out runs/predict
---
--- `compt predict runs/predict --task sentiment` gives the same numbers for lines of its input.
local compt = require "compt"

local trainer = compt.trainer {
  backbone = compt.backbone "micro",
  tasks = compt.tasks("micro", { tasks = { "sentiment", "nli3" }, shots = 16, seed = 1 }),
  method = compt.methods.ssum { sources = 3, length = 20 },
  epochs = compt.args.quick and 1 or 30,
}
trainer:run()

-- A task that reads one column takes lines, another one takes rows by column.
local found = trainer:predict { task = "sentiment", text = { "mia likes the song .", "bob hates the song ." } }
for _, one in ipairs(found) do
  print(one.prediction, one.score, one.row.sentence)
end
local pair = { premise = "mia likes the song .", hypothesis = "mia hates the song ." }
print(trainer:predict { task = "nli3", text = pair })
print(trainer:predict { task = "nli3", text = pair, only = "private" }) -- as `evaluate` with the same option
print(trainer:generate { task = "nli3", text = pair, num_beams = 4, max_new_tokens = 8 })

local run = compt.load_run(trainer.out) -- in another process: compt.load_run "runs/predict"
print(run)
print(run:predict { task = "nli3", text = pair })
print(run:evaluate("test", { limit = 20 })) -- reads the data again
