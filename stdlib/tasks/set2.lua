--- The second group of six tasks (the paper's SET2): natural-language inference, sentiment and paraphrase beyond GLUE.
--
-- `data` as for GLUE. MultiNLI is the corpus that GLUE calls mnli and uses the same files. MRPC is shared with GLUE.

local datasets = require "compt.hub_datasets"
local glue = require "compt.tasks.glue"

local function task(name, labels, small)
  return datasets.task(name, { labels = labels, metrics = { "accuracy" }, small = small })
end

local sentiment = { "negative", "positive" }

return {
  order = { "multinli", "scitail", "imdb", "yelp_polarity", "paws", "mrpc" },
  tasks = {
    multinli = glue.tasks.mnli,
    scitail = task("scitail", { "entailment", "neutral" }, true),
    imdb = task("imdb", sentiment, false),
    yelp_polarity = task("yelp_polarity", sentiment, false),
    paws = task("paws", { "not_equivalent", "equivalent" }, false),
    mrpc = glue.tasks.mrpc,
  },
}
