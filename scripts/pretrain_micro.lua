--- Pre-trains the micro backbone (stdlib/micro/backbone) on text of the micro world.
---
---     compt run scripts/pretrain_micro.lua --out DIR [--set steps=18000] [--seed 1]
---
--- T5 v1.0 shape, 1.37 M parameters, span corruption and auxiliary text-to-text tasks; Adam with
--- updates scaled by the RMS of each tensor, without which the skills are not learned. It takes 25 minutes on one core and
--- writes the files of stdlib/micro/backbone. At the end it prints the accuracy of each skill on new examples.
local compt = require "compt"
local pretraining = require "compt.micro.pretraining"
local skills = require "compt.micro.skills"
local tokenizer = require "compt.micro.tokenizer"

local out = assert(compt.out, "set an output folder: --out DIR")
local seed = compt.seed
local steps = compt.args.steps or 18000
local folder = out .. "/backbone"

local backbone = compt.backbone({
  d_model = 128, d_kv = 32, d_ff = 512, num_heads = 4, num_layers = 4, num_decoder_layers = 2,
  vocab_size = tokenizer.size, dropout_rate = 0, feed_forward_proj = "relu",
}, { trainable = true, dtype = compt.args.dtype or "bfloat16", seed = seed })

local data = pretraining.new { seed = seed, total_steps = steps, batch = 32 }

--- Peak 1e-2: warm-up over 300 steps, constant until 30 % of the run, then linear to 2 % of the peak.
local function rate(step)
  local constant = 0.3 * steps
  local decay = step <= constant and 1 or 1 - 0.98 * (step - constant) / (steps - constant)
  return 1e-2 * math.min(1, step / 300) * decay
end

local trainer = compt.trainer {
  backbone = backbone,
  method = { name = "pretraining", backbone = true, weight_decay = 0 },
  stream = function(step) return data:batch(step) end,
  steps = steps,
  seed = seed,
  out = out,
  optimizer = { kind = "adamw", betas = { 0.9, 0.98 }, scale_by_rms = true },
  control = { lr = { backbone = rate } },
}
trainer:run()
backbone:save(folder)
local file = assert(io.open(folder .. "/tokenizer.json", "w"))
file:write(tokenizer.json())
file:close()

--- Exact match on new examples of each skill.
local trained = compt.backbone(folder, { dtype = "float32" })
for _, skill in ipairs(skills.list) do
  local examples = pretraining.skill_examples(skill.name, { count = 300, seed = seed + 1 })
  local sources = {}
  for i, example in ipairs(examples) do sources[i] = example[1] end
  local answers = trained:generate({ text = sources, max_new_tokens = 24 }).text
  local right = 0
  for i, example in ipairs(examples) do
    if answers[i] == example[2] then right = right + 1 end
  end
  print(("%-10s %.2f"):format(skill.name, right / #examples))
end
