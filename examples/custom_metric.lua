--- A metric of one's own: the share of answers that name one of the right people, and the mean number of words.
---
---     compt run examples/custom_metric.lua
---
--- A metric is a function of the predictions, of the texts that are right for each row, and of the rows. It is recorded
--- with the script: `compt eval RUN` computes it again.
local compt = require "compt"

compt.metric.define("person", {
  scores = { "person", "words" }, -- the main one first
  compute = function(predictions, references, rows)
    local right, words = 0, 0
    for i, said in ipairs(predictions) do
      local found = false
      for _, name in ipairs(references[i] or {}) do
        found = found or said:find(name, 1, true) ~= nil
      end
      if found and (rows[i] or {}).question:find "who" then right = right + 1 end
      words = words + select(2, said:gsub("%S+", ""))
    end
    return { person = 100 * right / #predictions, words = words / #predictions }
  end,
})

local function row(question, ...) return { question = question, label = { ... } } end
local people =
  { row("who has a dog ?", "bob"), row("who has a cat ?", "ann"), row("who owned a house ?", "bob", "ann") }

local task = { fields = { "question" }, labels = "text", max_target_length = 8, metrics = { "person", "token_f1" } }
task.rows = { train = people, test = people }
local trainer = compt.trainer {
  backbone = compt.backbone "micro",
  tasks = compt.tasks { people = task },
  method = compt.methods.pt { length = 20 },
  epochs = compt.args.quick and 1 or 300,
}
trainer:run()
print(trainer:evaluate "test")
