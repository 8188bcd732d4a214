--- Compares every label with the independent judgement of `reader` and `judge`.
local judge = require "tests.lua.micro.judge"
local reader = require "tests.lua.micro.reader"
local tasks = require "compt.micro.tasks"

local count = 3000

-- Checks `label_of(row)` against the label of many rows of a task.
local function check(name, label_of)
  for _, row in ipairs(tasks.rows(name, { count = count, seed = 17 })) do
    local label = label_of(row)
    if label ~= row.label then
      error(("%s: '%s', but judged '%s': %s"):format(
        name, row.label, tostring(label), tasks.source(name, row)))
    end
  end
end

local function follows(premise, hypothesis)
  return judge.all(reader.facts(premise), assert(reader.fact(hypothesis), hypothesis))
end

local verdicts = { yes = "entailment", no = "contradiction", unknown = "neutral" }

local praise = "good great lovely superb fun wonderful like liked enjoy enjoyed love loved"
local blame = "bad awful dull boring poor terrible hate hated dislike disliked"

local feelings = {}
for word in praise:gmatch "%a+" do feelings[word] = 1 end
for word in blame:gmatch "%a+" do feelings[word] = -1 end

local function feeling(clause)
  local sign = clause:find " not " and -1 or 1
  for word in clause:gmatch "%a+" do sign = sign * (feelings[word] or 1) end
  return sign
end

-- Good English that a careless break would give, and that the microworld does not say.
local reads_well = {
  "^is ", "^was ", "^has ", -- a question
  "^some %a+[^s] %a+ %.$", -- "some rose fast"
  "^%a+ all are ", -- "dogs all are red"
  "gave the %a+ %a+ %.$", "handed the %a+ %a+ %.$", "sold the %a+ %a+ %.$", "lent the %a+ %a+ %.$",
  "got the %a+ %a+ %.$", "bought the %a+ %a+ %.$", -- two objects
  "was called %a+ %.$", "^%a+ pushed by ",
  "^%a+ %a+ in %a+ %.$", -- "tom is in school"
}

return {
  ["nli3"] = function()
    check("nli3", function(row) return verdicts[follows(row.premise, row.hypothesis)] end)
  end,

  ["nli2"] = function()
    check("nli2", function(row)
      local verdict = follows(row.sentence1, row.sentence2)
      assert(verdicts[verdict], tasks.source("nli2", row))
      return verdict == "yes" and "entailment" or "not_entailment"
    end)
  end,

  ["qnli"] = function()
    check("qnli", function(row)
      local fact, question = reader.fact(row.sentence), reader.question(row.question)
      return judge.answers(fact, question) and "entailment" or "not_entailment"
    end)
  end,

  ["paraphrase"] = function()
    check("paraphrase", function(row)
      local same = judge.same(reader.fact(row.sentence1), reader.fact(row.sentence2))
      return same and "equivalent" or "not_equivalent"
    end)
  end,

  ["dupq"] = function()
    check("dupq", function(row)
      local one, two = reader.question(row.question1), reader.question(row.question2)
      local same = judge.same(one, two) and one.asks == two.asks
      return same and "duplicate" or "not_duplicate"
    end)
  end,

  ["acceptability"] = function()
    check("acceptability", function(row)
      return reader.fact(row.sentence) and "acceptable" or "unacceptable"
    end)
  end,

  ["no corrupted sentence is grammatical"] = function()
    for _, row in ipairs(tasks.rows("acceptability", { count = count, seed = 18 })) do
      for _, pattern in ipairs(row.label == "unacceptable" and reads_well or {}) do
        assert(not row.sentence:find(pattern), row.sentence)
      end
    end
  end,

  ["sentiment"] = function()
    check("sentiment", function(row)
      local last = row.sentence:gsub("^.* but ", " ")
      return feeling(last) > 0 and "positive" or "negative"
    end)
  end,

  ["claims3"] = function()
    check("claims3", function(row) return verdicts[follows(row.text, row.claim)] end)
  end,

  ["claims2"] = function()
    local labels = { yes = "entailment", unknown = "neutral" }
    check("claims2", function(row) return labels[follows(row.first, row.second)] end)
  end,

  ["reviews"] = function()
    check("reviews", function(row)
      local first, second = row.text:match "^(.- %.) (.+)$"
      assert(feeling(first) == feeling(second), row.text)
      return feeling(second) > 0 and "positive" or "negative"
    end)
  end,

  ["ratings"] = function()
    check("ratings", function(row)
      return feeling((row.text:gsub("^.* but ", " "))) > 0 and "positive" or "negative"
    end)
  end,

  ["restated"] = function()
    check("restated", function(row)
      local same = judge.same(reader.fact(row.one), reader.fact(row.two))
      return same and "equivalent" or "not_equivalent"
    end)
  end,

  ["similarity"] = function()
    check("similarity", function(row)
      return judge.likeness(reader.fact(row.sentence1), reader.fact(row.sentence2))
    end)
  end,
}
