--- The eight GLUE tasks (Wang et al. 2019), with text labels as T5 and the prompt-tuning papers use.
--
-- `data` is a folder with TASK/train.jsonl.gz and TASK/dev.jsonl.gz, columns and integer labels as
-- in the usual GLUE loaders; without it the rows come from the hub's nyu-mll/glue. The official test rows have no labels: a small task's dev rows are
-- halved into validation and test, a large task is tested on dev and validated on training rows.

local function task(name, fields, labels, metrics, small)
  local hub = "hf://datasets/nyu-mll/glue/" .. name
  local validation = name == "mnli" and "/validation_matched-*.parquet" or "/validation-*.parquet"
  return {
    fields = fields,
    labels = labels,
    metrics = metrics,
    small = small,
    files = { train = name .. "/train.jsonl.gz", validation = name .. "/dev.jsonl.gz" },
    hub = { train = hub .. "/train-*.parquet", validation = hub .. validation },
  }
end

local sentences = { "sentence1", "sentence2" }
local entailment = { "entailment", "not_entailment" }

return {
  order = { "mnli", "qnli", "qqp", "rte", "sst2", "mrpc", "cola", "stsb" },
  tasks = {
    mnli = task("mnli", { "premise", "hypothesis" },
      { "entailment", "neutral", "contradiction" }, { "accuracy" }),
    qnli = task("qnli", { "question", "sentence" }, entailment, { "accuracy" }),
    qqp = task("qqp", { "question1", "question2" },
      { "not_duplicate", "duplicate" }, { "accuracy", "f1" }),
    rte = task("rte", sentences, entailment, { "accuracy" }, true),
    sst2 = task("sst2", { "sentence" }, { "negative", "positive" }, { "accuracy" }),
    mrpc = task("mrpc", sentences, { "not_equivalent", "equivalent" }, { "accuracy", "f1" }, true),
    cola = task("cola", { "sentence" },
      { "unacceptable", "acceptable" }, { "accuracy", "matthews" }, true),
    stsb = task("stsb", sentences, "number", { "pearson", "spearman" }, true),
  },
}
