--- Scores of a trained composition and of its parts.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

--- The micro backbone after a little training on two tasks.
local trained = compt.trainer {
  backbone = compt.backbone("micro", { device = "cpu" }),
  tasks = compt.tasks("micro", {
    tasks = { "sentiment", "similarity" }, shots = 16, seed = 1, max_test = 24,
  }),
  method = compt.methods.ssum { sources = 2, length = 6 },
  steps = 60, batch_size = 8, seed = 1, progress = false,
}
trained:run()

local function scores(result)
  local flat = {}
  for _, metrics in sorted_pairs(result.scores) do
    for _, value in sorted_pairs(metrics) do flat[#flat + 1] = value end
  end
  return flat
end

return {
  ["scores come with counts, predictions and an average"] = function()
    local result = trained:evaluate "test"
    assert(result.split == "test")
    assert(result.counts.sentiment == 24 and result.counts.similarity == 24)
    local right = 0
    for _, row in ipairs(result.predictions.sentiment) do
      if row.label == row.prediction then right = right + 1 end
    end
    assert(math.abs(result.scores.sentiment.accuracy - 100 * right / 24) < 1e-9)
    local mean = (result.scores.sentiment.accuracy + result.scores.similarity.spearman) / 2
    assert(math.abs(result.average - mean) < 1e-9)
    assert(result.scores.similarity.pearson)
    assert(tostring(result):find "sentiment +accuracy" and tostring(result):find "average")
    local source = compt.tasks("micro", { max_test = 24 }):rows("sentiment", "test")[1].source
    assert(result.predictions.sentiment[1].source == source)
  end,

  ["the same prompts give the same scores"] = function()
    small.same(scores(trained:evaluate()), scores(trained:evaluate "test"), 0)
  end,

  ["a decoding that stops early changes no score"] = function()
    local greedy = trained:evaluate "test"
    local full = trained:evaluate("test", { decoding = "full" })
    small.same(scores(full), scores(greedy), 0)
    local one_by_one = trained:evaluate("test", { batch_tokens = 1, limit = 6 })
    small.same(scores(one_by_one), scores(trained:evaluate("test", { limit = 6 })), 1e-9)
  end,

  ["ranking always predicts a label"] = function()
    local ranked = trained:evaluate("test", { decoding = "rank" })
    for _, row in ipairs(ranked.predictions.sentiment) do
      assert(row.prediction == "positive" or row.prediction == "negative")
    end
    for _, row in ipairs(ranked.predictions.similarity) do assert(row.prediction:find "^%d%.[05]$") end
    small.refused("did you mean 'rank'?", trained.evaluate, trained, "test", { decoding = "ranked" })
  end,

  ["ranking chooses the more probable word"] = function()
    local b = trained.backbone
    local ranked = trained:evaluate("test", { decoding = "rank", limit = 3, tasks = { "sentiment" } })
    local prompt = trained:prompt("sentiment"):unsqueeze(1)
    for _, row in ipairs(ranked.predictions.sentiment) do
      local ids = b.tokenizer:encode(row.source)
      local embeds = b:embed { ids }
      local input = torch.cat({ embeds:narrow(2, 1, #ids - 1), prompt, embeds:narrow(2, #ids, 1) }, 2)
      local function loss(word)
        return b:forward({ inputs_embeds = input, labels = { b.tokenizer:encode(word) } }).loss:item()
      end
      local best = loss "positive" < loss "negative" and "positive" or "negative"
      assert(row.prediction == best)
    end
  end,

  ["prompts can be excluded"] = function()
    local function average(options) return trained:evaluate("test", options).average end
    local whole = average()
    assert(average { only = "total" } == whole)
    assert(average { without = "private" } == average { only = "all_src" })
    assert(average { without = "all_src" } == average { only = "private" })
    assert(average { without = "src0", weights = "renormalised" } == average { without = "src0" })
    for _, options in ipairs { { only = "src0" }, { only = "src1" }, { only = "private" } } do
      assert(average(options) <= 100)
    end
    small.refused("did you mean 'src1'?", average, { only = "src2" })
    small.refused("set 'only' or 'without', not both", average, { only = "src0", without = "src1" })
    small.refused("did you mean 'as_learned'?", average, { only = "src0", weights = "as_lerned" })
  end,

  ["one source of a single-source sum is the sum without its private prompt"] = function()
    local trainer = small.trainer { method = compt.methods.ssum { sources = 1, length = 3 } }
    local only = trainer:evaluate("test", { only = "src0", decoding = "rank" })
    small.same(scores(trainer:evaluate("test", { only = "all_src", decoding = "rank" })), scores(only), 0)
  end,

  ["a product is not defined without one of its factors"] = function()
    for _, name in ipairs { "msum", "mcat" } do
      local trainer = small.trainer {
        method = compt.methods[name] { sources = 2, length = 3, router = "constant" },
      }
      local message = "is a product, which is not defined"
      small.refused(message, trainer.evaluate, trainer, "test", { only = "private" })
      assert(trainer:evaluate("test", { only = "src1", decoding = "rank" }).counts.nli2 == 6)
    end
    local pt = small.trainer { method = compt.methods.pt { length = 3, alone = false } }
    assert(pt:evaluate("test", { only = "total" }).counts.nli2 == 6)
    small.refused("prompt tuning has no source prompts", pt.evaluate, pt, "test", { only = "all_src" })
  end,

  ["splits, limits and tasks can be selected"] = function()
    local trainer = small.trainer()
    local result = trainer:evaluate("train", { limit = 3, tasks = { "sentiment", 1 } })
    assert(result.counts.sentiment == 3 and result.counts.nli2 == 3)
    assert(result.counts.similarity == nil and result.split == "train")
    assert(trainer:evaluate("validation", { limit = 2 }).counts.nli2 == 2)
    local rows = { { text = "a", label = 0 }, { text = "b", label = 1 } }
    local bare = small.trainer { tasks = compt.tasks { mood = {
      fields = { "text" }, labels = { "bad", "good" }, metrics = { "accuracy" },
      rows = { train = rows, test = rows },
    } } }
    small.refused("task 'mood' has no validation rows", bare.evaluate, bare, "validation")
    small.refused("did you mean 'test'?", trainer.evaluate, trainer, "tset")
    small.refused("did you mean 'nli2'?", trainer.evaluate, trainer, "test", { tasks = { "nli3" } })
    small.refused("did you mean 'limit'?", trainer.evaluate, trainer, "test", { limits = 3 })
    small.refused("'limit', 'batch_tokens' and 'max_new_tokens' must be at least 1",
      trainer.evaluate, trainer, "test", { limit = 0 })
  end,

  ["a prompt of each task, at inference"] = function()
    local prompt = trained:prompt "sentiment"
    assert(table.concat(prompt.shape, " ") == "6 128" and not prompt.requires_grad)
    assert(torch.equal(prompt, trained:prompt(1)))
    assert(not torch.equal(prompt, trained:prompt(2)))
    small.refused("did you mean 'sentiment'?", trained.prompt, trained, "sentimant")
  end,
}
