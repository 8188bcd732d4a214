--- The datasets of the sets in their repositories on the hub: Parquet files
--- CONFIGURATION/SPLIT-00000-of-00001.parquet written by Hugging Face's datasets.
---
--- Each row follows the dataset card (`dataset_info` in the README.md of `repository`): configuration, splits, input
--- columns and class names of `label` in order (none: numbers, or text). GLUE and SET2 were read on 2025-11-29;
--- tests/fixtures/make_hub.py and make_sets.py write files in this form. SuperGLUE's own files are a script; its
--- Parquet files are those that the hub makes of every dataset, CONFIGURATION/SPLIT/0000.parquet at refs/convert/parquet.

local glue, pair = "nyu-mll/glue", { "sentence1", "sentence2" }
local entailment = { "entailment", "not_entailment" }

---@type table<string, any[]>
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
  winogrande = { "allenai/winogrande", "winogrande_xl", "train", "validation", { "sentence", "option1", "option2" },
    { "1", "2" } },
  squad = { "rajpurkar/squad", "plain_text", "train", "validation", { "question", "context" } },
  mrqa = { "mrqa-workshop/mrqa", "plain_text", "train", "validation", { "question", "context" } },
}
for name, configuration in pairs { boolq = "boolq", cb = "cb", copa = "copa", multirc = "multirc", record = "record",
  wic = "wic", wsc = "wsc.fixed" } do
  datasets[name] = { "aps/super_glue@refs%2Fconvert%2Fparquet", configuration, "train", "validation" }
end
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

--- The definition of a task: `options` and the fields of its dataset (`options.dataset`, by default of the same name).
--- A data folder has NAME/train.jsonl.gz and NAME/dev.jsonl.gz with the same columns.
function M.task(name, options)
  local set = sets[options.dataset or name]
  options.dataset = nil
  local base = ("hf://datasets/%s/%s/"):format(set.repository, set.configuration)
  local files = set.repository:find("@", 1, true) and "%s/0000.parquet" or "%s-*.parquet"
  options.fields = options.fields or not options.template and set.fields or nil
  options.files = { train = name .. "/train.jsonl.gz", validation = name .. "/dev.jsonl.gz" }
  options.hub = { train = base .. files:format(set.train), validation = base .. files:format(set.validation) }
  options.class_names = set.names
  -- Digits in a row are a class id, not a name.
  if set.names and not tonumber(set.names[1]) then options.label_names = set.names end
  return options
end

return M
