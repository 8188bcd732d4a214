--- The datasets of `glue` and `set2` in their repositories on the hub: Parquet files
--- CONFIGURATION/SPLIT-00000-of-00001.parquet written by Hugging Face's datasets.
---
--- Each row follows the dataset card (`dataset_info` in the README.md of `repository`): configuration, splits, input
--- columns and class names of `label` in order (none: numbers). Read on 2025-11-29; tests/fixtures/make_hub.py writes
--- files in this form.

local glue, pair = "nyu-mll/glue", { "sentence1", "sentence2" }
local entailment = { "entailment", "not_entailment" }

local datasets = {
  -- GLUE's test rows have no labels (-1); validation and test of mnli are matched or mismatched.
  mnli = { glue, "mnli", "train", "validation_matched", { "premise", "hypothesis" },
    { "entailment", "neutral", "contradiction" } },
  qnli = { glue, "qnli", "train", "validation", { "question", "sentence" }, entailment },
  qqp = { glue, "qqp", "train", "validation", { "question1", "question2" }, { "not_duplicate", "duplicate" } },
  rte = { glue, "rte", "train", "validation", pair, entailment },
  sst2 = { glue, "sst2", "train", "validation", { "sentence" }, { "negative", "positive" } },
  mrpc = { glue, "mrpc", "train", "validation", pair, { "not_equivalent", "equivalent" } },
  cola = { glue, "cola", "train", "validation", { "sentence" }, { "unacceptable", "acceptable" } },
  stsb = { glue, "stsb", "train", "validation", pair },
  -- `label` is text here: "entails" or "neutral".
  scitail = { "allenai/scitail", "tsv_format", "train", "validation", { "premise", "hypothesis" },
    { "entails", "neutral" } },
  paws = { "google-research-datasets/paws", "labeled_final", "train", "validation", pair, { "0", "1" } },
  -- imdb and yelp_polarity have no validation rows: their test rows are used instead.
  imdb = { "stanfordnlp/imdb", "plain_text", "train", "test", { "text" }, { "neg", "pos" } },
  yelp_polarity = { "fancyzhx/yelp_polarity", "plain_text", "train", "test", { "text" }, { "1", "2" } },
}
-- The card of nyu-mll/multi_nli has the same columns, names and rows.
datasets.multinli = datasets.mnli

local M = {}

---@type table<string, any>
local sets = {}
for name, row in pairs(datasets) do
  sets[name] = {
    repository = row[1], configuration = row[2], train = row[3], validation = row[4], fields = row[5],
    names = row[6],
  }
end

--- The definition of a task: `options` and the fields of its dataset. A data folder has NAME/train.jsonl.gz and
--- NAME/dev.jsonl.gz with the same columns.
function M.task(name, options)
  local set = sets[name]
  local base = ("hf://datasets/%s/%s/"):format(set.repository, set.configuration)
  options.fields = set.fields
  options.files = { train = name .. "/train.jsonl.gz", validation = name .. "/dev.jsonl.gz" }
  options.hub = { train = base .. set.train .. "-*.parquet", validation = base .. set.validation .. "-*.parquet" }
  options.class_names = set.names
  -- Digits in a row are a class id, not a name.
  if set.names and not tonumber(set.names[1]) then options.label_names = set.names end
  return options
end

return M
