--- Tasks of free text: targets, lengths and decoding.
local compt = require "compt"
local small = require "tests.lua.small"

local ROWS = {
  { question = "who has a dog ?", label = "bob" },
  { question = "who has a cat ?", label = { "ann", "the girl" } },
  { question = "where is the man and the dog ?", label = "in the park and in the house" },
}

local function task(changes)
  local given = {
    fields = { "question" }, labels = "text", max_target_length = 5,
    rows = { train = ROWS, validation = ROWS, test = ROWS },
  }
  for key, value in pairs(changes or {}) do given[key] = value end
  return { questions = given }
end

local function trainer(changes, options)
  local method = compt.methods.pt { length = 3 }
  return small.trainer { tasks = compt.tasks(task(changes), options), method = method, steps = 2 }
end

return {
  ["a row has one text or several"] = function()
    local rows = compt.tasks(task()):rows("questions", "test")
    assert(rows[1].target == "bob" and rows[1].references == nil)
    assert(rows[2].target == "ann" and table.concat(rows[2].references, ",") == "ann,the girl")
    local each = compt.tasks(task { targets = "each" })
    assert(each:size("questions", "train") == 4 and each:size("questions", "test") == 3)
    assert(each:rows("questions", "train")[3].target == "the girl")
    local few = compt.tasks(task { targets = "each" }, { shots = 2, seed = 1 })
    assert(few:size("questions", "train") == 2)
    assert(tostring(few):find("exact_match, token_f1", 1, true) and tostring(few):find "free text 2")
  end,

  ["case and punctuation stay, spaces around punctuation are an option"] = function()
    local rows = { { question = "Who?", label = " It's Bob. " } }
    local function texts(changes)
      changes.rows = { train = rows, test = rows }
      local row = compt.tasks(task(changes)):rows("questions", "test")[1]
      return row.source .. "|" .. row.target
    end
    assert(texts {} == "question: Who?|It's Bob.")
    assert(texts { pad_punctuation = true } == "question: Who ?|It ' s Bob .")
  end,

  ["labels are found in tables and lists, and rows are chosen by a column"] = function()
    local rows = {
      { question = "a", set = "x", answers = { text = { "one", "two" }, start = { 1, 2 } } },
      { question = "b", set = "y", answers = { text = { "three" } } },
    }
    local given = { rows = { train = rows, test = rows }, columns = { label = "answers.text" }, where = { set = "x" } }
    local tasks = compt.tasks(task(given))
    assert(tasks:size("questions", "train") == 1 and #tasks:rows("questions", "test")[1].references == 2)
    given.where = { sets = "x" }
    small.refused("no field 'sets'", compt.tasks, task(given))
    given.where, given.columns = nil, { label = "answers.texts" }
    small.refused("no label: 'answers.texts' is null", compt.tasks, task(given))
    given.columns.label = "answer.text"
    small.refused("no field 'answer'", compt.tasks, task(given))
  end,

  ["a text task without a length is refused at the trainer's call"] = function()
    local without = task()
    without.questions.max_target_length = nil
    local tasks = compt.tasks(without)
    small.refused("task 'questions' has free text without 'max_target_length'", small.trainer, { tasks = tasks })
    local given = compt.tasks(without, { max_target_length = 4 })
    small.trainer { tasks = given, method = compt.methods.pt { length = 3 } }
    small.refused("'max_target_length' is for tasks of free text", compt.tasks, "micro", { max_target_length = 4 })
  end,

  ["options are for the labels they fit"] = function()
    local function refused(expected, changes) small.refused(expected, compt.tasks, task(changes)) end
    refused("'max_target_length' must be at least 2", { max_target_length = 1 })
    refused("the metric 'f1' is for labels that are words", { metrics = { "f1" } })
    refused("'max_target_length' is for labels = \"text\"", { labels = { "bob", "ann" } })
    local number = task { labels = "number", targets = "each" }
    number.questions.max_target_length = nil
    small.refused("'targets' is for labels = \"text\"", compt.tasks, number)
    refused("unknown 'targets' 'all'", { targets = "all" })
    refused("'rounding' and 'range' are for labels = \"number\"", { range = { 0, 1 } })
    refused("'num_beams' and 'max_new_tokens' must be at least 1", { generation = { num_beams = 0 } })
    refused("'min_new_tokens' 9 is more than 'max_new_tokens' 5", { generation = { min_new_tokens = 9 } })
    refused("'length_penalty' is for a beam search", { generation = { length_penalty = 2 } })
    refused("'early_stopping' is true, false or \"never\"", { generation = { num_beams = 2, early_stopping = "no" } })
    refused("did you mean 'num_beams'?", { generation = { num_beam = 2 } })
    small.refused("shots 'per' class are for label words", compt.tasks, task(), { shots = 1, per = "class" })
  end,

  ["the loss masks the padding of shorter targets, and long targets are truncated"] = function()
    local backbone = compt.backbone("micro", { dtype = "float32", device = "cpu" })
    local tokenizer = backbone.tokenizer
    local tasks = compt.tasks(task())
    local run = compt.trainer {
      backbone = backbone, tasks = tasks, method = compt.methods.fine_tuning {},
      steps = 1, batch_size = 3, dropout = 0, progress = false,
    }
    local labels, sources, longest = {}, {}, 0
    for i, row in ipairs(tasks:rows("questions", "train")) do
      sources[i] = row.source
      labels[i] = tokenizer:encode(row.target)
      while #labels[i] > 5 do table.remove(labels[i], 5) end
      if #labels[i] == 5 then labels[i][5] = tokenizer.eos_id end
      longest = math.max(longest, #labels[i])
    end
    assert(longest == 5)
    for _, row in ipairs(labels) do
      while #row < longest do row[#row + 1] = -100 end
    end
    -- `forward` is compared with transformers in tests/all/t5.rs, with ragged labels.
    local expected = backbone:forward({ text = sources, labels = labels }).loss:item()
    local found = run:step().loss
    assert(math.abs(found - expected) < 1e-5, ("%s is not %s"):format(found, expected))
  end,

  ["predictions are those of generate, greedily and with beams"] = function()
    local backbone = compt.backbone("micro", { dtype = "float32", device = "cpu" })
    local run = compt.trainer {
      backbone = backbone, tasks = compt.tasks(task { generation = { min_new_tokens = 2 } }),
      method = compt.methods.fine_tuning {}, steps = 1, batch_size = 3, progress = false,
    }
    local sources = {}
    for i, row in ipairs(compt.tasks(task()):rows("questions", "test")) do sources[i] = row.source end
    local function same(options, generated)
      generated.text = sources
      local texts = run:backbone_of("questions"):generate(generated).text
      for i, row in ipairs(run:evaluate("test", options).predictions.questions) do
        assert(row.prediction == texts[i], ("'%s' is not '%s'"):format(row.prediction, texts[i]))
      end
    end
    same({}, { max_new_tokens = 5, min_new_tokens = 2 })
    same({ max_new_tokens = 3, min_new_tokens = 0 }, { max_new_tokens = 3 })
    local beams = { num_beams = 3, length_penalty = 2.0, early_stopping = "never", min_new_tokens = 4 }
    local generated = { max_new_tokens = 5 }
    for key, value in pairs(beams) do generated[key] = value end
    same(beams, generated)
  end,

  ["options of an evaluation are for tasks of free text"] = function()
    local run = trainer { generation = { num_beams = 2 } }
    small.refused("task 'questions' has free text: there are no label words to rank", run.evaluate, run, "test", { decoding = "rank" })
    small.refused("'min_new_tokens' 6 is more than 'max_new_tokens' 5", run.evaluate, run, "test", { min_new_tokens = 6 })
    local labels = small.trainer {}
    small.refused("beams and lengths of generation are for tasks of free text", labels.evaluate, labels, "test", { num_beams = 2 })
  end,

  ["free text and label words are trained and evaluated together"] = function()
    local tasks = compt.tasks(task { generation = { num_beams = 2 } }) + small.tasks()
    local run = small.trainer { tasks = tasks, steps = 4, batch_size = 8, evaluate_every = 4 }
    run:run()
    local together = run:evaluate()
    assert(together.counts.questions == 3 and together.scores.questions.exact_match and together.scores.sentiment.accuracy)
    for _, name in ipairs(tasks.names) do
      local alone = run:evaluate("test", { tasks = { name } })
      for i, row in ipairs(alone.predictions[name]) do
        assert(row.prediction == together.predictions[name][i].prediction, name)
      end
    end
  end,
}
