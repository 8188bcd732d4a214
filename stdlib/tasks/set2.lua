--- The second group of six tasks: natural-language inference, paraphrase and sentiment beyond GLUE.
--
-- `data` as for GLUE. MultiNLI is the corpus that GLUE calls mnli and is read from its files; SST-2,
-- shared with GLUE, is the sixth.

local glue = require "compt.tasks.glue"

local function task(name, fields, labels, small)
  return {
    fields = fields,
    labels = labels,
    metrics = { "accuracy" },
    small = small,
    files = { train = name .. "/train.jsonl.gz", validation = name .. "/dev.jsonl.gz" },
  }
end

local sentiment = { "negative", "positive" }

return {
  order = { "multinli", "scitail", "paws", "sst2", "imdb", "yelp_polarity" },
  tasks = {
    multinli = glue.tasks.mnli,
    scitail = task("scitail", { "premise", "hypothesis" }, { "entailment", "neutral" }, true),
    paws = task("paws", { "sentence1", "sentence2" }, { "not_equivalent", "equivalent" }),
    sst2 = glue.tasks.sst2,
    imdb = task("imdb", { "text" }, sentiment),
    yelp_polarity = task("yelp_polarity", { "text" }, sentiment),
  },
}
