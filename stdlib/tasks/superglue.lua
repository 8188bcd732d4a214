--- The tasks of SuperGLUE (Wang et al. 2019) beside RTE, which is GLUE's: inputs as in ATTEMPT (Asai et al. 2022) and MPT
--- (Wang et al. 2023), targets in T5's words ("True", where ATTEMPT writes "1").
--
-- As in ATTEMPT, copa has no question, and small tasks (all but record) split their dev rows in half at random; the rows
-- of a question of multirc can thus be in both halves, and EM counts the rows that are there. T5 gives copa's question,
-- too. Scores are the published ones: accuracy; macro F1 and accuracy for cb; F1 of all answers (F1a) and EM by question
-- for multirc; F1 and EM for record, of the best of a row's answers. Record has a training example for each answer.
--
-- `data` is a folder with TASK/train.jsonl.gz and TASK/dev.jsonl.gz with the columns of the hub's super_glue.

local datasets = require "compt.hub_datasets"

local truth = { "False", "True" }

local function task(name, labels, metrics, options)
  options.labels, options.metrics = labels, metrics
  if options.small == nil then options.small = true end
  return datasets.task(name, options)
end

local function plain(text) return (text:gsub("<br>", " "):gsub("</?b>", "")) end

--- MultiRC without its markup.
local function multirc(row)
  return ("question: %s answer: %s paragraph: %s"):format(plain(row.question), plain(row.answer), plain(row.paragraph))
end

--- Puts marks around a span that begins after `index` words, as T5 does; a text without it there stays as it is.
local function marked(text, span, index, mark)
  local at = 1
  for _ = 1, index do
    local _, last = text:find("^%S+%s", at)
    if not last then return text end
    at = last + 1
  end
  if text:sub(at, at + #span - 1) ~= span then return text end
  return ("%s%s %s %s%s"):format(text:sub(1, at - 1), mark, span, mark, text:sub(at + #span))
end

--- The noun between "*", the pronoun between "#", which the marks before it have moved by two words.
local function wsc(row)
  local text = marked(row.text, row.span1_text, row.span1_index, "*")
  local moved = row.span1_index < row.span2_index and 2 or 0
  return "text: " .. marked(text, row.span2_text, row.span2_index + moved, "#")
end

--- Highlights become sentences of the passage.
local function record(row)
  local passage = row.passage:gsub("([.?!\"'])\n@highlight\n", "%1 "):gsub("\n@highlight\n", ". ")
  return ("query: %s entities: %s passage: %s"):format(row.query, table.concat(row.entities, ", "), passage)
end

return {
  order = { "boolq", "cb", "copa", "wic", "wsc", "multirc", "record" },
  tasks = {
    boolq = task("boolq", truth, { "accuracy" }, { fields = { "question", "passage" } }),
    cb = task("cb", { "entailment", "contradiction", "neutral" }, { "macro_f1", "accuracy" },
      { fields = { "premise", "hypothesis" } }),
    copa = task("copa", { "choice1", "choice2" }, { "accuracy" }, { fields = { "premise", "choice1", "choice2" } }),
    wic = task("wic", truth, { "accuracy" }, { fields = { "sentence1", "sentence2", "word" } }),
    wsc = task("wsc", truth, { "accuracy" }, { template = wsc }),
    multirc = task("multirc", truth, { "f1", "grouped_exact_match" }, { template = multirc, group = "idx.question" }),
    record = task("record", "text", { "token_f1", "exact_match" }, {
      template = record, prefix = "record", columns = { label = "answers" }, targets = "each", max_target_length = 64,
      missing = "skip", small = false,
    }),
  },
}
