--- The sets beside GLUE and SET2, read from a few rows in the form of the hub (tests/fixtures/make_sets.py).
local compt = require "compt"
local small = require "tests.lua.small"

local DATA = "tests/fixtures/sets"

local function rows(set, name, split)
  local tasks = compt.tasks(set .. "." .. name, { data = DATA, validation_size = 0 })
  return tasks:rows(name, split or "train"), tasks
end

local function first(set, name, source, target)
  local row = rows(set, name)[1]
  assert(row.source == source, row.source)
  assert(row.target == target, row.target)
end

return {
  ["SuperGLUE's inputs are those of ATTEMPT"] = function()
    first("superglue", "boolq", "question: is rain wet passage: Rain -- Rain is wet 0.", "False")
    first("superglue", "cb", "premise: It rains 0. hypothesis: It is wet.", "entailment")
    first("superglue", "copa", "premise: It rained 0. choice1: Wet. choice2: Dry.", "choice1")
    first("superglue", "wic", "sentence1: A run 0. sentence2: They run. word: run", "False")
    local paragraph = "paragraph: Sent 1: Ann has 1 cats. Sent 2: Bob has none."
    first("superglue", "multirc", "question: How many cats (2)? answer: 1 " .. paragraph, "True")
    local passage = "passage: Ann met Bob in Rome. It rained. Bob was late"
    first("superglue", "record", "record query: @placeholder was late (0) entities: Ann, Bob, Rome " .. passage, "Bob")
    local names = compt.tasks("superglue", { data = DATA, tasks = { "boolq", "cb", "record" } })
    assert(table.concat(names:metrics "cb", " ") == "macro_f1 accuracy")
    assert(table.concat(names:metrics "record", " ") == "token_f1 exact_match")
  end,

  ["spans of WSC are marked as T5 marks them"] = function()
    local texts = {}
    for i, row in ipairs(rows("superglue", "wsc")) do texts[i] = row.source .. "|" .. row.target end
    assert(texts[1] == "text: * Mark * told Pete many lies about himself, which # he # believed.|False", texts[1])
    assert(texts[2] == "text: The cat saw # it # when * the dog * ran.|True", texts[2])
    assert(texts[3] == "text: Ann saw that she won.|False", "spans that are not there")
    assert(texts[4] == "text: * Ann * saw that # she # won.|True", texts[4])
  end,

  ["a question of record is trained on each answer, and scored by the best"] = function()
    local train, tasks = rows("superglue", "record")
    assert(#train == 3 and train[2].target == "Ann" and train[3].target == "Bob", "rows without answers are left out")
    local test = tasks:rows("record", "test")
    assert(#test == 2 and table.concat(test[2].references, " ") == "Ann Bob" and test[1].references == nil)
  end,

  ["multirc's EM is by question"] = function()
    local run = small.trainer { tasks = compt.tasks("superglue.multirc", { data = DATA }), steps = 1 }
    local result = run:evaluate("test", { decoding = "rank" })
    local scores, right = result.scores.multirc, {}
    for _, row in ipairs(result.predictions.multirc) do
      local key = row.source:match "%((%d)%)"
      right[key] = right[key] ~= false and row.prediction == row.label
    end
    local count, all = 0, 0
    for _, is in pairs(right) do count, all = count + 1, all + (is and 1 or 0) end
    assert(math.abs(scores.grouped_exact_match - 100 * all / count) < 1e-9)
    assert(table.concat(compt.tasks("superglue.multirc", { data = DATA }):metrics(1), " ") == "f1 grouped_exact_match")
  end,

  ["question answering has padded punctuation and every answer"] = function()
    local train, tasks = rows("mrqa", "squad")
    assert(train[1].source == "question: Where did it rain ? context: It rained 10 . 5 mm in Rome .", train[1].source)
    assert(train[2].target == "10 . 5 mm")
    local test = tasks:rows("squad", "test")
    assert(#test == 2 and test[2].references[2] == "10 . 5")
    assert(table.concat(tasks:metrics "squad", " ") == "token_f1 exact_match")
  end,

  ["the sets of MRQA are told apart by their column"] = function()
    for name, year in pairs { newsqa = "1", hotpotqa = "2", searchqa = "3", nq = "4" } do
      local train = rows("mrqa", name)
      assert(#train == (name == "newsqa" and 2 or 1), name)
      assert(train[1].source:find("question: What was wet in " .. year .. " ? context: In " .. year, 1, true), train[1].source)
      assert(train[1].target == "The grass" and table.concat(rows("mrqa", name, "test")[1].references, "|") == "The grass|grass")
    end
  end,

  ["the others are winogrande and three of SET2"] = function()
    local source = "sentence: The cup does not fit the box as _ is small 0. option0: cup option1: box"
    first("others", "winogrande", source, "0")
    assert(rows("others", "winogrande")[2].target == "1")
    local tasks = compt.tasks({ "paws", "scitail", "yelp_polarity" }, { data = "tests/fixtures/rows" })
    assert(#tasks == 3, "the same tasks as SET2's")
  end,

  ["nested columns of Parquet files are read alike"] = function()
    local function parquet(name, definition)
      local file = DATA .. "/parquet/" .. name .. ".parquet"
      definition.files = { train = file, test = file }
      return compt.tasks({ [name] = definition }, { data = "." }):rows(name, "test")
    end
    local squad = parquet("squad", {
      fields = { "question", "context" }, labels = "text", columns = { label = "answers.text" }, pad_punctuation = true,
    })
    local here = rows("mrqa", "squad")
    for i, row in ipairs(squad) do assert(row.source == here[i].source and row.target == here[i].target) end
    assert(squad[2].references[2] == "10 . 5")
    local record = parquet("record", {
      template = function(row) return table.concat(row.entities, ", ") end, labels = "text",
      columns = { label = "answers" }, missing = "skip",
    })
    assert(#record == 2 and record[1].source == "Ann, Bob, Rome" and #record[2].references == 2)
    local multirc = parquet("multirc", {
      template = function(row) return row.question .. row.idx.question end, labels = { "False", "True" },
      group = "idx.question", metrics = { "f1", "grouped_exact_match" },
    })
    assert(#multirc == 8 and multirc[3].source == "How many cats (3)?3" and multirc[1].target == "True")
    local cb = parquet("cb", { fields = { "premise" }, labels = { "entailment", "contradiction", "neutral" } })
    assert(cb[2].target == "contradiction" and cb[3].target == "neutral")
  end,
}
