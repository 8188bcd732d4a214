--- The auxiliary skills of pre-training: text-to-text examples with instructions. They have the same meaning as the eight
--- tasks, but other label words (except in options) and no fixed field names.
local facts = require "compt.micro.facts"
local judgements = require "compt.micro.judgements"
local lexicon = require "compt.micro.lexicon"
local operations = require "compt.micro.operations"
local questions = require "compt.micro.questions"

local words = lexicon.split

local skills = {}

--- Probability that the instruction is after the input instead of before it.
skills.after_rate = 0.85

skills.fields = {
  { "text", "claim" }, { "first", "second" }, { "one", "two" }, { "premise", "hypothesis" },
  { "sentence1", "sentence2" }, { "question1", "question2" }, { "question", "sentence" },
}

--- Judging skills: a judgement, and wordings with a label word for each of its classes.
skills.judging = {
  follow3 = {
    judgement = "entailment3",
    { "does it follow", words "yes maybe no" },
    { "judge the claim", words "true unknown false" },
    { "is that so given this", words "sure open never" },
  },
  follow2 = {
    judgement = "entailment2",
    { "does it surely follow", words "yes no" },
    { "is the claim certain", words "true false" },
    { "can we be sure", words "sure open" },
  },
  answer = {
    judgement = "answer",
    { "does this answer it", words "yes no" },
    { "is the question answered", words "true false" },
    { "do we learn it here", words "sure open" },
  },
  same = {
    judgement = "same",
    { "do both mean the same", words "yes no" },
    { "same meaning or not", words "same different" },
    { "is one the other again", words "true false" },
  },
  sameq = {
    judgement = "same_question",
    { "do both ask the same", words "yes no" },
    { "same question or not", words "same different" },
    { "is one asked again", words "true false" },
  },
  grammar = {
    judgement = "grammar",
    { "is it well said", words "yes no" },
    { "right or wrong words", words "right wrong" },
    { "is this good english", words "fine broken" },
  },
  mood = {
    judgement = "feeling",
    { "was it liked", words "yes no" },
    { "good or bad view", words "good bad" },
    { "how is the feeling", words "up down" },
  },
  close = {
    judgement = "likeness",
    { "how close are they", judgements.likeness.classes },
    { "rate how alike", judgements.likeness.classes },
    { "give a number of likeness", judgements.likeness.classes },
    without_options = true,
  },
}

--- Skills in a fixed order, with their weights in the mixture; `fading` ones lose weight later.
skills.list = {
  { name = "follow3", weight = 2 }, { name = "follow2", weight = 1.6 },
  { name = "answer", weight = 1.3 }, { name = "same", weight = 2 },
  { name = "sameq", weight = 1.2 }, { name = "grammar", weight = 1.6 },
  { name = "mood", weight = 0.9 }, { name = "close", weight = 1.3 },
  { name = "qa", weight = 1.2, fading = true }, { name = "lex", weight = 0.5, fading = true },
  { name = "differ", weight = 1.6, fading = true },
  { name = "rewrite", weight = 1.2, fading = true },
}

--- The instructions of the skills whose answer is free text.
skills.instructions = {
  qa = "answer it",
  kind = "what kind is it",
  synonym = "another word for it",
  opposite = "the opposite word",
  differ = "what differs",
  rewrite = "say it again",
}

--- Answers of `differ` for sentences without a named change.
skills.unchanged = { "nothing", "other words" }

--- Words that options may list besides the label words of the skills.
skills.task_words = words [[entailment neutral contradiction not_entailment equivalent
  not_equivalent duplicate not_duplicate acceptable unacceptable positive negative]]
skills.fillers = words "alpha beta gamma delta north south east west"

--- All words that options may list, and the sets of label words, by their number.
skills.option_words, skills.label_sets = {}, { [2] = {}, [3] = {} }

local function collect_labels()
  local seen, sets = {}, {}
  local function add(list)
    for _, word in ipairs(list) do
      if not seen[word] then table.insert(skills.option_words, word) end
      seen[word] = true
    end
  end
  for _, skill in ipairs(skills.list) do
    local judging = skills.judging[skill.name]
    for _, wording in ipairs(judging and not judging.without_options and judging or {}) do
      local key = table.concat(wording[2], " ")
      if not sets[key] then table.insert(assert(skills.label_sets[#wording[2]]), wording[2]) end
      sets[key] = true
      add(wording[2])
    end
  end
  add(skills.task_words)
  add(skills.fillers)
end

collect_labels()

local function instructed(r, input, instruction)
  if r:chance(skills.after_rate) then return input .. " " .. instruction end
  return instruction .. " " .. input
end

local function input_of(r, first, second)
  local names = r:choice(skills.fields)
  local input = names[1] .. " : " .. first
  return second and input .. " " .. names[2] .. " : " .. second or input
end

-- Label words for the classes: one of the sets, or any words.
local function listed_labels(r, count)
  if r:chance(0.3) then return r:choice(skills.label_sets[count]) end
  local labels, taken = {}, {}
  while #labels < count do
    local word = r:choice(skills.option_words)
    if not taken[word] then labels[#labels + 1] = word end
    taken[word] = true
  end
  return labels
end

local function judged(r, skill, options_rate)
  local judgement = judgements[skill.judgement]
  local class = r:integer(1, #judgement.classes)
  local wording = r:choice(skill)
  local instruction, labels = wording[1], wording[2]
  if not skill.without_options and r:chance(options_rate) then
    labels = listed_labels(r, #judgement.classes)
    instruction = instruction .. " options : " .. table.concat(labels, " ")
  end
  local input = input_of(r, judgement.draw(r, judgement.classes[class]))
  return instructed(r, input, instruction), labels[class]
end

---@type table<string, function?>
local free = {}

function free.qa(r)
  local fact = facts.random(r, r:choice(facts.personal))
  local slot = questions.slot(r, fact)
  local text = facts.say(r, fact)
  local answer = facts.uttered(text, fact, slot)
  if r:chance(0.5) then
    text = table.concat(r:shuffle { text, facts.say(r, facts.unrelated(r, { fact })) }, " ")
  end
  local input = "text : " .. text .. " question : " .. questions.ask(r, fact, slot)
  return instructed(r, input, skills.instructions.qa), answer
end

local opposites = {}
for _, list in ipairs { lexicon.dimensions, lexicon.scales } do
  for _, pair in ipairs(list) do
    if #pair == 2 then
      opposites[#opposites + 1] = pair
      opposites[#opposites + 1] = { pair[2], pair[1] }
    end
  end
end

local lexical = {
  kind = function(r)
    local noun = r:choice(lexicon.nouns)
    return noun, lexicon.kind_of[noun]
  end,
  synonym = function(r)
    local pair = r:choice(lexicon.synonyms)
    local at = r:integer(1, 2)
    return pair[at], pair[3 - at]
  end,
  opposite = function(r) return table.unpack(r:choice(opposites)) end,
}

function free.lex(r)
  local relation = r:choice { "kind", "synonym", "opposite" }
  local word, answer = lexical[relation](r)
  return instructed(r, "text : " .. word, skills.instructions[relation]), answer
end

-- The second sentence, and what differs from the first.
local function difference(r, fact, first)
  local share = r:uniform()
  local nothing, other_words = table.unpack(skills.unchanged)
  if share < 0.15 then return first, nothing end
  if share < 0.4 then
    local second = facts.otherwise(first, function() return facts.say(r, fact) end)
    return second, second == first and nothing or other_words
  end
  local other, change = operations.mutated(r, fact)
  local second = facts.say(r, other)
  if change == "people" then return second, fact.a .. " and " .. fact.b end
  return second, facts.uttered(first, fact, change) .. " " .. facts.uttered(second, other, change)
end

function free.differ(r)
  local fact = facts.random(r)
  local first = facts.say(r, fact)
  local second, answer = difference(r, fact, first)
  local input = "text : " .. first .. " claim : " .. second
  return instructed(r, input, skills.instructions.differ), answer
end

function free.rewrite(r)
  local first, second = facts.say_twice(r, facts.random(r))
  return instructed(r, "text : " .. first, skills.instructions.rewrite), second
end

--- An example of the skill `name`: source text and target text. With probability
--- `options_rate` (default 0) a judging skill lists the label words to choose from.
function skills.draw(r, name, options_rate)
  if free[name] then return free[name](r) end
  return judged(r, skills.judging[name], options_rate or 0)
end

return skills
