--- The judgements of the second group of micro tasks, in the form of `judgements`: other texts for the skills that the
--- micro backbone has. Its pre-training does not use them.
local facts = require "compt.micro.facts"
local lexicon = require "compt.micro.lexicon"
local operations = require "compt.micro.operations"
local opinions = require "compt.micro.opinions"

local judgements = {}

local follows = { entailed = operations.entailed, neutral = operations.neutral, contradicted = operations.contradicted }

-- Premise and hypothesis. With `beside`, an unrelated fact is before or after the premise.
local function inference(r, class, beside)
  local fact = facts.random(r)
  local other = follows[class](r, fact)
  local premise = facts.say(r, fact)
  local hypothesis = facts.otherwise(premise, function() return facts.say(r, other) end)
  if not beside then return premise, hypothesis end
  local sentences = r:shuffle { premise, facts.say(r, facts.unrelated(r, { fact, other })) }
  return table.concat(sentences, " "), hypothesis
end

--- As MultiNLI beside MNLI: the premise is a longer text.
judgements.text_entailment3 = {
  classes = { "entailed", "neutral", "contradicted" },
  draw = function(r, class) return inference(r, class, true) end,
}

--- As SciTail: nothing contradicts the premise.
judgements.support = {
  classes = { "entailed", "neutral" },
  draw = function(r, class) return inference(r, class, false) end,
}

-- The two domains of opinions.
local shown = lexicon.split "film show story book"
local done = lexicon.split "meal trip game song"

-- A positive or negative clause on one of `topics` and, before "but", the contrary on another one.
local function opinion(r, topics, positive, contrast_rate)
  local topic = r:choice(topics)
  local clause = opinions.clause(r, topic, positive)
  if r:chance(contrast_rate) then
    local other
    repeat other = r:choice(topics) until other ~= topic
    clause = opinions.clause(r, other, not positive) .. " but " .. clause
  end
  return clause .. " ."
end

--- As IMDB: reviews of two sentences with the same sentiment.
judgements.review = {
  classes = { "positive", "negative" },
  draw = function(r, class)
    local positive = class == "positive"
    local first = opinion(r, shown, positive, 0)
    return first .. " " .. facts.otherwise(first, function() return opinion(r, shown, positive, 0) end)
  end,
}

--- As Yelp: one sentence of another domain, often with both sentiments; the second counts.
judgements.rating = {
  classes = { "positive", "negative" },
  draw = function(r, class) return opinion(r, done, class == "positive", 0.5) end,
}

-- `fact` with its negation reversed or with another value in one slot.
local function altered(r, fact)
  if r:chance(0.5) then return facts.with(fact, { negated = not fact.negated }) end
  local slots = {}
  for _, slot in ipairs(facts.kinds[fact.kind].slots) do
    if fact[slot] then slots[#slots + 1] = slot end
  end
  return (operations.mutated(r, fact, slots))
end

--- As PAWS: pairs that share nearly all words, equivalent or not because of "not" or one other word. PAWS exchanges
--- words, but two people in exchanged roles are beyond the micro backbone (half of such pairs are answered rightly).
judgements.restated = {
  classes = { "same", "different" },
  draw = function(r, class)
    local fact = facts.random(r, r:choice(facts.personal))
    fact.negated = r:chance(0.3)
    if class == "same" then return facts.say_twice(r, fact) end
    return facts.say(r, fact), facts.say(r, altered(r, fact))
  end,
}

return judgements
