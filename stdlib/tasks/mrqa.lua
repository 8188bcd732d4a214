--- Extractive question answering as ATTEMPT (Asai et al. 2022) and MPT (Wang et al. 2023) train T5 on it: SQuAD, and four
--- training sets of the MRQA 2019 shared task (Fisch et al. 2019).
--
-- The input is "question: ... context: ..." and the target an answer, both with spaces around punctuation
-- (`pad_punctuation`), as T5's preprocessor for SQuAD has it. Training uses the first answer of a row; any of them is
-- right. Training rows are held out for validation, and the validation rows are the test rows, because the test rows of
-- SQuAD are secret and those of MRQA are of other sets. Scores are F1 and EM of SQuAD v1.1.
--
-- `data` is a folder with NAME/train.jsonl.gz and NAME/dev.jsonl.gz with the columns of the hub: those of rajpurkar/squad
-- for squad, of mrqa-workshop/mrqa for the others (whose rows are chosen by `subset`).

local datasets = require "compt.hub_datasets"

local function task(name, dataset, label, subset)
  return datasets.task(name, {
    dataset = dataset, labels = "text", columns = { label = label }, pad_punctuation = true,
    where = subset and { subset = subset }, max_target_length = 128, metrics = { "token_f1", "exact_match" },
  })
end

return {
  order = { "squad", "newsqa", "hotpotqa", "searchqa", "nq" },
  tasks = {
    squad = task("squad", "squad", "answers.text"),
    newsqa = task("newsqa", "mrqa", "answers", "NewsQA"),
    hotpotqa = task("hotpotqa", "mrqa", "answers", "HotpotQA"),
    searchqa = task("searchqa", "mrqa", "answers", "SearchQA"),
    nq = task("nq", "mrqa", "answers", "NaturalQuestionsShort"),
  },
}
