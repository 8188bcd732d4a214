--- A task of free text: the model writes what it is to repeat, decoded greedily and with beams.
---
---     compt run examples/free_text.lua
---
--- With texts of your own: `rows = { ... }` becomes `files = { train = "train.jsonl", test = "test.jsonl" }`, and `label`
--- is the column of the target (`columns = { label = "summary" }`); a list in it is several texts that are right.
local compt = require "compt"

local names, things = { "bob", "ann", "carl", "dora" }, { "a dog", "a cat", "the house", "a red dog" }

local function rows(from, to)
  local list = {}
  for i = from, to do
    local fact = ("%s has %s"):format(names[i % 4 + 1], things[(i // 4) % 4 + 1])
    list[#list + 1] = { text = fact .. " .", label = fact }
  end
  return list
end

local trainer = compt.trainer {
  backbone = compt.backbone "micro",
  tasks = compt.tasks {
    facts = {
      fields = { "text" },
      labels = "text",
      max_target_length = 8, -- tokens, with </s>
      metrics = { "rougeL", "bleu", "exact_match" },
      generation = { num_beams = 4, length_penalty = 0.6 },
      rows = { train = rows(0, 11), test = rows(12, 15) },
    },
  },
  method = compt.methods.pt { length = 10 },
  epochs = compt.args.quick and 1 or 100,
  batch_size = 4,
}
trainer:run()
print(trainer:evaluate "test")
print(trainer:evaluate("test", { num_beams = 1, min_new_tokens = 3 }))
