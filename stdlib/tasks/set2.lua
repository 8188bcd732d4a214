--- The second group of six tasks: natural-language inference, paraphrase and sentiment beyond GLUE.
--
-- `data` as for GLUE. MultiNLI is the corpus that GLUE calls mnli and is read from its files; SST-2,
-- shared with GLUE, is the sixth.

local glue = require "compt.tasks.glue"

local name_of_held_out = { imdb = "test", yelp_polarity = "test" }

local function task(name, fields, labels, small, hub, label_names)
  return {
    fields = fields,
    labels = labels,
    metrics = { "accuracy" },
    small = small,
    label_names = label_names,
    files = { train = name .. "/train.jsonl.gz", validation = name .. "/dev.jsonl.gz" },
    hub = {
      train = "hf://datasets/" .. hub .. "/train-*.parquet",
      validation = "hf://datasets/" .. hub .. "/" .. (name_of_held_out[name] or "validation") .. "-*.parquet",
    },
  }
end

--- imdb and yelp_polarity have no validation rows: their test rows take that place, as dev rows do.
local sentiment = { "negative", "positive" }

return {
  order = { "multinli", "scitail", "paws", "sst2", "imdb", "yelp_polarity" },
  tasks = {
    multinli = glue.tasks.mnli,
    scitail = task("scitail", { "premise", "hypothesis" }, { "entailment", "neutral" }, true,
      "allenai/scitail/tsv_format", { "entails", "neutral" }),
    paws = task("paws", { "sentence1", "sentence2" }, { "not_equivalent", "equivalent" }, false,
      "google-research-datasets/paws/labeled_final"),
    sst2 = glue.tasks.sst2,
    imdb = task("imdb", { "text" }, sentiment, false, "stanfordnlp/imdb/plain_text"),
    yelp_polarity = task("yelp_polarity", { "text" }, sentiment, false,
      "fancyzhx/yelp_polarity/plain_text"),
  },
}
