--- What a study does with the values it is given: a checker takes none of them for nil.
local compt, torch = require "compt", require "compt.torch"

local backbone = compt.backbone "micro"

---@type compt.TrainerOptions
local options = {
  backbone = backbone,
  tasks = compt.tasks("micro", { shots = 4, seed = 1 }),
  method = compt.methods.ssum { sources = 2, length = 5, router = { kind = "relaxed_bernoulli", bound = 0.1 } },
  control = { lr = { router = 0.1 }, clip = function(_, view) return view.progress < 0.1 and 0.5 or 1 end },
  steps = 2,
}
options.batch_size = 4

local trainer = compt.trainer(options)
local report = trainer:run()
print(report.out:upper(), report.steps + 1)
local result = trainer:evaluate("test", { limit = 5 })
print(result.average + 1, result.scores.nli3.accuracy + 1)
print(trainer.router:weights():sum():item(), trainer.router.logits:size(1))
print(trainer.tasks.names[1]:upper(), trainer.bank.tasks[1]:upper(), trainer.out:upper())
print(trainer.history.loss[1])

local ids = backbone.tokenizer:encode "mia likes the song ."
print(#ids, backbone.tokenizer:decode(ids))
local out = backbone:forward { input_ids = torch.tensor { ids }, labels = torch.tensor { ids } }
out.loss:backward()
print(backbone:generate({ input_ids = torch.tensor { ids }, max_new_tokens = 3 }).text[1]:upper())

local found = trainer:predict { task = "sentiment", rows = { { sentence = "mia likes the song ." } } }
print(found[1].prediction:upper(), found[1].scores.positive + 1)

local runs = compt.runs "runs"
for _, run in ipairs(runs) do
  if run.average then print(run.name:upper(), run.average + 1) end
end
print(runs[1].path:upper(), runs[1].settings.seed)
