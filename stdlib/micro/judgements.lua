--- The eight judgements that the tasks and the auxiliary skills share. Each has its classes, the
--- positive first, and `draw(r, class)`, which creates the sentences (one or two) of an example of
--- that class. Therefore a task and its skill have the same meaning by construction.
local corruption = require "compt.micro.corruption"
local facts = require "compt.micro.facts"
local operations = require "compt.micro.operations"
local opinions = require "compt.micro.opinions"
local questions = require "compt.micro.questions"

local judgements = {}

local function hypothesis(r, fact, class)
  if class == "entailed" then return operations.entailed(r, fact) end
  if class == "neutral" then return operations.neutral(r, fact) end
  return operations.contradicted(r, fact)
end

--- A sentence for `other` that differs from the sentence `said`.
local function said_otherwise(r, said, other)
  return facts.otherwise(said, function() return facts.say(r, other) end)
end

judgements.entailment3 = {
  classes = { "entailed", "neutral", "contradicted" },
  draw = function(r, class)
    local fact = facts.random(r)
    local premise = facts.say(r, fact)
    return premise, said_otherwise(r, premise, hypothesis(r, fact, class))
  end,
}

judgements.entailment2 = {
  classes = { "entailed", "not_entailed" },
  draw = function(r, class)
    local fact = facts.random(r)
    if class ~= "entailed" then class = r:choice { "neutral", "contradicted" } end
    local other = hypothesis(r, fact, class)
    local premise = facts.say(r, fact)
    local second = said_otherwise(r, premise, other)
    if r:chance(0.5) then
      local sentences = r:shuffle { premise, facts.say(r, facts.unrelated(r, { fact, other })) }
      premise = table.concat(sentences, " ")
    end
    return premise, second
  end,
}

-- A gift can be expressed as "gets", which also holds for a sale or loan, so its verb is kept.
local function wrong_where_shown(r, fact, slot)
  local shown = {}
  for _, name in ipairs(questions.shown(fact, slot)) do
    if not (name == "verb" and fact.verb == "give") then shown[#shown + 1] = name end
  end
  return (operations.mutated(r, fact, operations.changes(fact, shown)))
end

-- A person who gets, gives or has a thing with a property can be described as having it.
local function beside_the_point(r, fact, person)
  local other ---@type table
  repeat
    other = operations.other_kind(r, fact, person)
  until fact.kind ~= "possession" or other.kind ~= "transfer" and other.kind ~= "property"
  return other
end

local function no_answer(r, fact, slot)
  local person = slot ~= "a" and fact.a or fact.b
  if person and r:chance(0.5) then return beside_the_point(r, fact, person) end
  return wrong_where_shown(r, fact, slot)
end

local function personal_fact(r)
  return facts.random(r, r:choice(facts.personal))
end

judgements.answer = {
  classes = { "entailed", "not_entailed" },
  draw = function(r, class)
    local fact = personal_fact(r)
    local slot = questions.slot(r, fact)
    local answer = class == "entailed" and fact or no_answer(r, fact, slot)
    return questions.ask(r, fact, slot), facts.say(r, answer)
  end,
}

judgements.same = {
  classes = { "same", "different" },
  draw = function(r, class)
    local fact = facts.random(r)
    if class == "same" then return facts.say_twice(r, fact) end
    return facts.say(r, fact), facts.say(r, (operations.mutated(r, fact)))
  end,
}

-- Another question about `fact`, or the same question about a fact that differs in a visible slot.
local function other_question(r, fact, slot)
  if r:chance(0.5) then return questions.ask(r, fact, questions.slot(r, fact, slot)) end
  local change = r:choice(questions.shown(fact, slot))
  return questions.ask(r, (operations.mutated(r, fact, { change })), slot)
end

judgements.same_question = {
  classes = { "same", "different" },
  draw = function(r, class)
    local fact = personal_fact(r)
    local slot = questions.slot(r, fact)
    if class == "same" then return questions.ask_twice(r, fact, slot) end
    return questions.ask(r, fact, slot), other_question(r, fact, slot)
  end,
}

judgements.grammar = {
  classes = { "good", "broken" },
  draw = function(r, class)
    local sentence = facts.say(r, facts.random(r))
    return class == "good" and sentence or corruption.broken(r, sentence)
  end,
}

judgements.feeling = {
  classes = { "positive", "negative" },
  draw = function(r, class) return opinions.sentence(r, class == "positive") end,
}

-- Likeness: five times the share of these slots that two facts have in common, by halves.
local compared = {
  transfer = { "verb", "a", "b", "noun" },
  act = { "verb", "a", "b" },
  location = { "a", "place" },
  possession = { "a", "noun" },
  property = { "a", "noun", "adjective" },
  comparison = { "comparative", "a", "b" },
}

-- Likeness -> the ways to get it: a kind of fact and how many slots change.
local ways = {}
for _, kind in ipairs(facts.personal) do
  local count = #compared[kind]
  for changed = 0, count do
    local likeness = string.format("%.1f", (10 * (count - changed) / count + 0.5) // 1 / 2)
    ways[likeness] = ways[likeness] or {}
    table.insert(ways[likeness], { kind = kind, changed = changed })
  end
end

local function unlike(r, fact)
  local other ---@type table
  repeat other = facts.unrelated(r, { fact }) until other.kind ~= fact.kind
  return other
end

local function changed_in(r, fact, slots)
  local other = facts.with(fact, {})
  for _, slot in ipairs(slots) do
    repeat
      other[slot] = facts.value(r, fact, slot)
    until other[slot] ~= fact.a and other[slot] ~= fact.b
  end
  return other
end

judgements.likeness = {
  classes = { "0.0", "1.5", "2.5", "3.5", "4.0", "5.0" },
  draw = function(r, class)
    local way = r:choice(ways[class])
    local fact = facts.random(r, way.kind)
    if way.kind ~= "property" then fact.adjective = nil end
    local other
    if way.changed == #compared[way.kind] and r:chance(0.5) then
      other = unlike(r, fact)
    else
      local slots = r:shuffle { table.unpack(compared[way.kind]) }
      other = changed_in(r, fact, { table.unpack(slots, 1, way.changed) })
    end
    local first = facts.say(r, fact)
    return first, said_otherwise(r, first, other)
  end,
}

return judgements
