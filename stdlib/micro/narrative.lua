--- Short texts for span corruption: a few facts, restated, weakened, asked and answered. Because of the restatements,
--- filling in spans teaches matching.
local facts = require "compt.micro.facts"
local lexicon = require "compt.micro.lexicon"
local operations = require "compt.micro.operations"
local opinions = require "compt.micro.opinions"
local questions = require "compt.micro.questions"

local narrative = {}

narrative.longest = 6

local function asked_and_answered(r, fact, sentence)
  if fact.kind == "quantity" then return facts.say(r, fact) end
  local slot = questions.slot(r, fact)
  return questions.ask(r, fact, slot) .. " " .. facts.uttered(sentence, fact, slot) .. " ."
end

local function definition(r)
  if r:chance(0.5) then
    local noun = r:choice(lexicon.nouns)
    local kind = lexicon.kind_of[noun]
    return ("%s %s is %s %s ."):format(lexicon.article(noun), noun, lexicon.article(kind), kind)
  end
  local pair = r:choice(lexicon.synonyms)
  return pair[1] .. " means " .. pair[2] .. " ."
end

local function two_opinions(r)
  local positive = r:chance(0.5)
  return opinions.sentence(r, positive), opinions.sentence(r, positive)
end

-- What can follow a fact, with its probability (the remainder is for nothing).
local continuations = {
  { facts.say, 0.45 },
  { function(r, fact) return facts.say(r, operations.entailed(r, fact)) end, 0.15 },
  { asked_and_answered, 0.2 },
  { false, 0.2 },
}

--- A text of two to six sentences.
function narrative.draw(r)
  local told, sentences = {}, {}
  for i = 1, r:integer(2, 3) do
    told[i] = facts.random(r)
    sentences[i] = facts.say(r, told[i])
  end
  for i, fact in ipairs(told) do
    local continue = r:weighted(continuations)
    if continue then sentences[#sentences + 1] = continue(r, fact, sentences[i]) end
  end
  if r:chance(0.15) then sentences[#sentences + 1] = definition(r) end
  if r:chance(0.15) and #sentences <= narrative.longest - 2 then
    local first, second = two_opinions(r)
    sentences[#sentences + 1] = first
    sentences[#sentences + 1] = second
  end
  return table.concat(sentences, " ", 1, math.min(#sentences, narrative.longest))
end

return narrative
