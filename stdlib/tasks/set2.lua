--- The second group of six tasks: natural-language inference, paraphrase and sentiment beyond GLUE.
--
-- `data` as for GLUE. MultiNLI is the corpus that GLUE calls mnli and uses the same files. SST-2 is shared with GLUE.

local datasets = require "compt.hub_datasets"
local glue = require "compt.tasks.glue"

local function task(name, labels, small)
  return datasets.task(name, { labels = labels, metrics = { "accuracy" }, small = small })
end

local sentiment = { "negative", "positive" }

return {
  order = { "multinli", "scitail", "paws", "sst2", "imdb", "yelp_polarity" },
  tasks = {
    multinli = glue.tasks.mnli,
    scitail = task("scitail", { "entailment", "neutral" }, true),
    paws = task("paws", { "not_equivalent", "equivalent" }, false),
    sst2 = glue.tasks.sst2,
    imdb = task("imdb", sentiment, false),
    yelp_polarity = task("yelp_polarity", sentiment, false),
  },
}
