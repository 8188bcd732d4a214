--- Metrics of the user, and scores of texts.
local compt = require "compt"
local small = require "tests.lua.small"

local QUESTIONS = {
  { question = "who has a dog ?", topic = "dogs", label = { "bob", "Bob Smith" } },
  { question = "who has a cat ?", topic = "cats", label = "ann" },
  { question = "where is bob ?", topic = "bob", label = "the park" },
}

local function questions(changes)
  local task = {
    fields = { "question" }, labels = "text", max_target_length = 8,
    rows = { train = QUESTIONS, validation = QUESTIONS, test = QUESTIONS },
  }
  for key, value in pairs(changes or {}) do task[key] = value end
  return compt.tasks { questions = task }
end

local function trainer(changes)
  return small.trainer { tasks = questions(changes), method = compt.methods.pt { length = 3 }, steps = 1 }
end

local function close(a, b) assert(math.abs(a - b) < 1e-9, ("%s is not %s"):format(a, b)) end

return {
  ["a metric gets predictions, references and rows, and its number is the score"] = function()
    local seen
    compt.metric.define("seen", function(predictions, references, rows)
      seen = { predictions, references, rows }
      return 12.5
    end)
    local run = trainer { metrics = { "seen", "exact_match" } }
    -- At the trainer's call: the labels as predictions.
    assert(seen[1][1] == "bob" and #seen[2][1] == 2 and seen[2][1][2] == "Bob Smith" and seen[2][2][1] == "ann")
    assert(seen[3][3].question == "where is bob ?" and seen[3][3].source == "question: where is bob ?")
    local result = run:evaluate()
    assert(result.scores.questions.seen == 12.5 and result.average == 12.5)
    assert(#seen[1] == 3 and result.predictions.questions[2].prediction == seen[1][2])
    assert(result.predictions.questions[1].references[2] == "Bob Smith")
    assert(result.predictions.questions[2].references == nil)
    assert(tostring(result):find "seen +12.5")
  end,

  ["a metric of several numbers names them, the main one first"] = function()
    compt.metric.define("pair", {
      scores = { "words", "rows" },
      compute = function(predictions) return { rows = #predictions, words = 7 } end,
    })
    local tasks = questions { metrics = { "pair", "rougeL" } }
    assert(table.concat(tasks:metrics "questions", " ") == "words rows rougeL")
    local result = trainer({ metrics = { "pair", "rougeL" } }):evaluate()
    assert(result.scores.questions.words == 7 and result.scores.questions.rows == 3 and result.average == 7)
    assert(compt.metric.score("pair", { "a" }, { "a" }).rows == 1)
  end,

  ["what is no number is refused at the trainer's call with its line"] = function()
    local function refused(expected, metric)
      compt.metric.define("bad", metric)
      small.refused(expected, trainer, { metrics = { "bad" } })
      small.refused("metric_test.lua:", trainer, { metrics = { "bad" } })
    end
    refused("it returned a nil, not a number", function() end)
    refused("it returned a string, not a number", function() return "1" end)
    refused("its score 'bad' is NaN, not a finite number", function() return 0 / 0 end)
    refused("its score 'bad' is inf", function() return math.huge end)
    refused("a score 'em' that is not declared", function() return { em = 1 } end)
    refused("no such luck", function() error "no such luck" end)
    local declared = function(returned)
      return { scores = { "a", "b" }, compute = function() return returned end }
    end
    refused("it returned no number for its score 'b'", declared { a = 1 })
    refused("a score 'c' that is not declared", declared { a = 1, b = 2, c = 3 })
    refused("not a table of its scores a, b", declared(1))
    refused("the row has no column 'topic'", function(_, _, rows) return #rows[1].topic end)
    compt.metric.define("topics", function(_, _, rows) return #rows[1].topic end)
    assert(trainer({ metrics = { "topics" }, keep = { "topic" } }):evaluate().scores.questions.topics == 4)
  end,

  ["definitions are checked"] = function()
    local count = function(predictions) return #predictions end
    small.refused("'bleu' is a built-in metric", compt.metric.define, "bleu", count)
    small.refused("expected a function or a table { scores, compute }", compt.metric.define, "own", 3)
    small.refused("'compute' is missing", compt.metric.define, "own", { scores = { "a" } })
    small.refused("'scores' holds 'a' twice", compt.metric.define, "own", { scores = { "a", "a" }, compute = count })
    compt.metric.define("counted", count)
    small.refused("did you mean 'counted'?", questions, { metrics = { "conuted" } })
    compt.metric.define("like f1", { scores = { "exact_match" }, compute = count })
    small.refused("two metrics have a score 'exact_match'", questions, { metrics = { "exact_match", "like f1" } })
    small.refused("the metric 'grouped_exact_match' needs 'group'", questions, { metrics = { "grouped_exact_match" } })
    small.refused("'metrics' is empty", questions, { metrics = {} })
  end,

  ["label words have metrics of the user, too"] = function()
    compt.metric.define("right", function(predictions, references)
      local right = 0
      for i, said in ipairs(predictions) do
        if said == references[i][1] then right = right + 1 end
      end
      return 100 * right / #predictions
    end)
    local rows = { { text = "good day", label = 1 }, { text = "bad day", label = 0 } }
    local run = small.trainer {
      tasks = compt.tasks { mood = {
        fields = { "text" }, labels = { "negative", "positive" }, metrics = { "right", "accuracy", "macro_f1" },
        rows = { train = rows, validation = rows, test = rows },
      } },
    }
    local scores = run:evaluate("test", { decoding = "rank" }).scores.mood
    assert(scores.right == scores.accuracy and scores.macro_f1 <= scores.accuracy)
  end,

  ["texts are scored without a run"] = function()
    close(compt.metric.score("token_f1", { "the cat sat" }, { { "a dog", "cat" } }), 200 / 3)
    close(compt.metric.score("accuracy", { "a", "b" }, { "a", "c" }), 50)
    close(compt.metric.score("micro_f1", { "yes", "x" }, { "yes", "no" }, { labels = { "no", "yes" } }), 200 / 3)
    close(compt.metric.score("neg_mae", { "1.5", "x" }, { "1", "2" }), -1.75)
    close(compt.metric.score("grouped_exact_match", { "a", "b", "c" }, { "a", "x", "c" }, { groups = { 1, 1, 2 } }), 50)
    small.refused("there are 1 predictions and 2 references", compt.metric.score, "bleu", { "a" }, { "a", "b" })
    small.refused("a row has no reference", compt.metric.score, "bleu", { "a" }, { {} })
    small.refused("needs 'groups'", compt.metric.score, "grouped_exact_match", { "a" }, { "a" })
    small.refused("did you mean 'rougeL'?", compt.metric.score, "rouge_l", { "a" }, { "a" })
  end,
}
