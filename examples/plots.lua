--- Plots of any numbers: in the terminal, and as SVG for a page or a paper.
---
---     compt run examples/plots.lua
local compt, torch = require "compt", require "compt.torch"
local figures = compt.figures

local trainer = compt.trainer {
  backbone = compt.backbone "micro",
  tasks = compt.tasks("micro", { shots = 8, seed = 1, tasks = { "nli2", "sentiment" } }),
  method = compt.methods.ssum { sources = 2, length = 5 },
  steps = 20,
  batch_size = 8,
  progress = false,
}

local losses = {}
for i = 1, 20 do
  losses[i] = trainer:step().loss
end
print(figures.plot(losses, { title = "Loss", x_label = "step", log = true }))

local prompts = trainer:prompts()
local values = prompts:get("source.0").value
print(figures.histogram(values, { title = "The first source prompt", bins = 8 }))

local norms, cosines, tasks = {}, {}, {}
for i, task in ipairs(prompts.tasks) do
  local rows = prompts:get(task).value
  for row = 1, rows.shape[1] do
    norms[#norms + 1] = rows[row]:norm():item()
    cosines[#cosines + 1] = torch.cosine_similarity(rows[row], values[row], 1):item()
    tasks[#tasks + 1] = prompts.tasks[i]
  end
end
local points =
  figures.scatter(norms, cosines, { title = "Rows of the prompts", x_label = "norm", y_label = "cosine", by = tasks })
print(points)
points:save "pages/rows.svg"
