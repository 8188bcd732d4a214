--- What a study does with what it is given: no value of it may be nil.
local compt, torch = require "compt", require "compt.torch"

local backbone = compt.backbone "micro"
local tasks = compt.tasks("micro", { shots = 4, seed = 1 })

---@type compt.TrainerOptions
local options = {
  backbone = backbone,
  tasks = tasks,
  method = compt.methods.ssum { sources = 2, length = 5, router = { normalise = nil, kind = "relaxed_bernoulli" } },
  control = { lr = { router = 0.1 }, clip = function(_, view) return view.progress < 0.1 and 0.5 or 1 end },
  steps = 2,
}
options.batch_size = 4

local trainer = compt.trainer(options)
trainer:run()
local result = trainer:evaluate("test", { limit = 5 })
print(result.average + 1, result.scores.nli3.accuracy, trainer.out:upper())
print(trainer.router:weights():sum():item(), trainer.tasks.names[1]:upper())
print(trainer.router.logits:size(1), trainer.bank.names[1])

local ids = backbone.tokenizer:encode("mia likes the song .")
print(#ids, backbone.tokenizer:decode(ids))
local out = backbone:forward { ids = torch.tensor { ids }, labels = torch.tensor { ids } }
out.loss:backward()
print(backbone:generate("mia likes the song .", { max_new_tokens = 3 }).text[1]:upper())

local found = trainer:predict({ "mia likes the song ." }, { task = "sentiment" })
print(found[1].prediction:upper(), found[1].scores.positive + 1)

local runs = compt.runs "runs"
for _, run in ipairs(runs) do
  if run.average then print(run.name:upper(), run.average + 1) end
end
local first = runs[1]
print(first.path:upper(), first.settings.seed)
