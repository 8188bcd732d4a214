--- The eight GLUE tasks (Wang et al. 2019), with text labels as T5 and the prompt-tuning papers use.
--
-- `data` is a folder with TASK/train.jsonl.gz and TASK/dev.jsonl.gz, with the columns and integer labels of the usual
-- GLUE loaders. Without it the rows come from the hub (`hub_datasets.lua`). The official test rows have no labels. Small
-- tasks split their dev rows in half, into validation and test rows; large tasks use dev for the test and training rows
-- for validation.

local datasets = require "compt.hub_datasets"

local function task(name, labels, metrics, small)
  return datasets.task(name, { labels = labels, metrics = metrics, small = small })
end

local entailment = { "entailment", "not_entailment" }

return {
  order = { "mnli", "qnli", "qqp", "rte", "sst2", "mrpc", "cola", "stsb" },
  tasks = {
    mnli = task("mnli", { "entailment", "neutral", "contradiction" }, { "accuracy" }),
    qnli = task("qnli", entailment, { "accuracy" }),
    qqp = task("qqp", { "not_duplicate", "duplicate" }, { "accuracy", "f1" }),
    rte = task("rte", entailment, { "accuracy" }, true),
    sst2 = task("sst2", { "negative", "positive" }, { "accuracy" }),
    mrpc = task("mrpc", { "not_equivalent", "equivalent" }, { "accuracy", "f1" }, true),
    cola = task("cola", { "unacceptable", "acceptable" }, { "accuracy", "matthews" }, true),
    stsb = task("stsb", "number", { "pearson", "spearman" }, true),
  },
}
