local compt = require "compt"

local b = compt.backbone("micro", { dtype = "float32" })

local function tasks(labels, metrics)
  local rows = {}
  for i = 1, 16 do
    rows[i] = { text = ({ "mia likes the song .", "bob hates the song ." })[i % 2 + 1], label = i % 2 }
  end
  return compt.tasks({ t = { fields = { "text" }, labels = labels, metrics = metrics,
    rows = { train = rows, validation = rows, test = rows } } }, { seed = 1 })
end

local function trainer(labels, changes)
  local options = { backbone = b, tasks = tasks(labels, { "accuracy", "f1", "matthews" }),
    method = compt.methods.pt { length = 8, lr = { private = 0.1 } }, epochs = 40, batch_size = 8, seed = 1,
    progress = false }
  for key, value in pairs(changes or {}) do options[key] = value end
  return compt.trainer(options)
end

local function refused(expected, labels, changes)
  local ok, message = pcall(trainer, labels, changes)
  assert(not ok, "accepted: " .. table.concat(labels, " | "))
  for _, part in ipairs(expected) do assert(tostring(message):find(part, 1, true), tostring(message)) end
end

local function scores(labels)
  local t = trainer(labels)
  t:run()
  return t:evaluate("test", { decoding = "full" }), t:evaluate("test"), t:evaluate("test", { decoding = "rank" })
end

return {
  ["the trainer refuses label words with the same tokens"] = function()
    refused({ "compt.trainer: task 't'", "'👍' and '👎' have the same tokens: 344 2 1" }, { "👍", "👎" })
    refused({ "'日本' and '中国'", "the same tokens" }, { "yes", "日本", "中国" })
    refused({ "cannot represent the label word '👍'" }, { "yes", "👍" })
    refused({ "'yes' and 'yes 👍' are decoded to the same text" }, { "yes", "yes 👍" })
    local from = tasks { "👍", "👎" }
    refused({ "have the same tokens" }, { "no", "yes" }, { method = compt.methods.spot { from = from } })
    local ok, message = pcall(compt.tasks, { t = { fields = { "text" }, labels = { "👍", "👎" },
      rows = { train = { { text = "a", label = 0 } }, test = { { text = "a", label = 0 } } } } }, { tokenizer = b.tokenizer })
    assert(not ok and tostring(message):find("task 't': the label words", 1, true), message)
  end,

  ["a label word can be a prefix of another"] = function()
    assert(trainer { "no", "no match" })
  end,

  ["scores do not depend on how words are written"] = function()
    for _, pair in ipairs {
      { { "no", "yes" }, { "no\t", "\u{a0}yes" } }, { { "not same", "same" }, { "not \u{3000}same", " same" } },
    } do
      local right = { scores(pair[1]) }
      local got = { scores(pair[2]) }
      for i, result in ipairs(right) do
        for metric, score in pairs(result.scores.t) do
          assert(got[i].scores.t[metric] == score, ("%s %s: %s"):format(pair[2][1], metric, got[i].scores.t[metric]))
        end
        assert(got[i].scores.t.accuracy > 90)
        -- Single answers are the words as the task has them.
        for row, answer in ipairs(got[i].predictions.t) do
          assert(answer.label == pair[2][1] or answer.label == pair[2][2])
          assert((answer.prediction == answer.label) == (result.predictions.t[row].prediction == result.predictions.t[row].label))
        end
      end
    end
  end,

  ["a label word with unknown characters is learned and predicted"] = function()
    local said = {}
    local full, greedy = scores { "no 👍", "yes" }
    for _, result in ipairs { full, greedy } do
      assert(result.scores.t.accuracy > 90, result.scores.t.accuracy)
      for _, answer in ipairs(result.predictions.t) do said[answer.prediction] = true end
    end
    assert(said["no 👍"] and said.yes)
  end,
}
