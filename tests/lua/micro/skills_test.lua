local judge = require "tests.lua.micro.judge"
local pretraining = require "compt.micro.pretraining"
local reader = require "tests.lua.micro.reader"

-- New examples of a skill whose instruction comes last, so that the input comes first.
local function examples(skill, instruction)
  local found = {}
  for _, example in ipairs(pretraining.skill_examples(skill, { count = 1500, seed = 9 })) do
    local input = example[1]:match("^(.*) " .. instruction .. "$")
    if input then found[#found + 1] = { input = input, answer = example[2] } end
  end
  assert(#found > 300)
  return found
end

-- The two texts of an input.
local function both(input)
  return input:match "^%w+ : (.-) %w+ : (.*)$"
end

local function words_in(text)
  return " " .. text .. " "
end

local function has(text, word)
  return words_in(text):find(words_in(word), 1, true) ~= nil
end

return {
  ["follow3 answers what follows"] = function()
    local answers = { yes = "yes", unknown = "maybe", no = "no" }
    for _, example in ipairs(examples("follow3", "does it follow")) do
      local premise, claim = both(example.input)
      local verdict = judge.all(reader.facts(premise), reader.fact(claim))
      assert(answers[verdict] == example.answer, example.input)
    end
  end,

  ["qa answers with a word of the one sentence that answers, and of no other"] = function()
    for _, example in ipairs(examples("qa", "answer it")) do
      local text, asked = both(example.input)
      local question, answering = reader.question(asked), 0
      for sentence in text:gmatch "[^.]+%." do
        if judge.answers(reader.fact(sentence), question) then
          answering = answering + 1
          assert(has(sentence, example.answer), example.input)
        end
      end
      assert(answering == 1, example.input)
      assert(not has(asked, example.answer), example.input)
    end
  end,

  ["differ names the words that changed"] = function()
    for _, example in ipairs(examples("differ", "what differs")) do
      local text, claim = both(example.input)
      local same = judge.same(reader.fact(text), reader.fact(claim))
      if example.answer == "nothing" then
        assert(text == claim)
      elseif example.answer == "other words" then
        assert(same and text ~= claim)
      else
        local old, new = example.answer:match "^(%S+).- (%S+)$"
        assert(not same and has(text, old) and has(claim, new), example.input)
      end
    end
  end,

  ["rewrite keeps the meaning"] = function()
    for _, example in ipairs(examples("rewrite", "say it again")) do
      local text = example.input:match "^text : (.*)$"
      assert(judge.same(reader.fact(text), reader.fact(example.answer)), example.input)
    end
  end,

  ["close rates by shared slots"] = function()
    for _, example in ipairs(examples("close", "how close are they")) do
      local one, two = both(example.input)
      assert(judge.likeness(reader.fact(one), reader.fact(two)) == example.answer, example.input)
    end
  end,
}
