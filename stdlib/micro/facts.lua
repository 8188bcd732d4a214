--- Facts of the micro world, and the sentences that express them.
---
--- A fact is a plain table: `kind` and one value per slot (names, nouns, adjectives and places as
--- canonical words, verbs in base form); `negated = true` negates it. Conventions that make every
--- label correct: places exclude each other (but the kitchen is in the house), one thing is not
--- transferred in both directions between two people, and "all" implies "some".
local lexicon = require "compt.micro.lexicon"

local facts = {}

--- Probability that a word of a sentence is replaced by a synonym.
facts.synonym_rate = 0.4

--- By kind: slots, sentences (two alternatives each), and negated sentences.
facts.kinds = {
  transfer = {
    slots = { "verb", "a", "b", "noun", "adjective" },
    said = { "{a} {gave} the {thing} to {b} .", "{b} {got} the {thing} from {a} ." },
    denied = {
      "{a} did not {give} the {thing} to {b} .",
      "{b} did not {get} the {thing} from {a} .",
    },
  },
  act = {
    slots = { "verb", "a", "b" },
    said = { "{a} {gave} {b} .", "{b} was {seen} by {a} ." },
    denied = { "{a} did not {give} {b} .", "{b} was not {seen} by {a} ." },
  },
  location = {
    slots = { "a", "place" },
    said = { "{a} is in the {place} .", "{a} stays in the {place} ." },
    denied = { "{a} is not in the {place} .", "{a} does not stay in the {place} ." },
  },
  possession = {
    slots = { "a", "noun", "adjective" },
    said = { "{a} {has} {a_thing} .", "{a_thing} is owned by {a} ." },
    denied = { "{a} does not {have} {a_thing} .", "{a_thing} is not owned by {a} ." },
  },
  property = {
    slots = { "a", "noun", "adjective" },
    said = { "the {noun} of {a} is {adjective} .", "{a} 's {noun} is {adjective} ." },
    denied = { "the {noun} of {a} is not {adjective} .", "{a} 's {noun} is not {adjective} ." },
  },
  comparison = {
    slots = { "comparative", "a", "b" },
    said = { "{a} is {comparative} than {b} .", "{b} is {converse} than {a} ." },
    denied = { "{a} is not {comparative} than {b} .", "{b} is not {converse} than {a} ." },
  },
  quantity = {
    slots = { "quantifier", "noun", "adjective" },
    said = { "{quantifier} {nouns} are {adjective} .", "{every} {noun} is {adjective} ." },
  },
}

--- The kinds in a fixed order; the first six are about people.
facts.names = lexicon.split "transfer act location possession property comparison quantity"
facts.personal = lexicon.split "transfer act location possession property comparison"

facts.quantifiers = { "all", "some", "no" }

local function synonym(r, word)
  local other = lexicon.synonym[word]
  return other and r:chance(facts.synonym_rate) and other or word
end

local function thing(r, fact)
  if not fact.adjective then return fact.noun end
  return synonym(r, fact.adjective) .. " " .. fact.noun
end

--- Values for `{part}` of a template. `gave` is any past, `seen` any participle, and so on.
local parts = {
  gave = function(r, fact) return lexicon.past[synonym(r, fact.verb)] end,
  give = function(r, fact) return synonym(r, fact.verb) end,
  got = function(r, fact) return lexicon.past[synonym(r, lexicon.converse[fact.verb])] end,
  get = function(r, fact) return synonym(r, lexicon.converse[fact.verb]) end,
  seen = function(r, fact) return lexicon.participle[synonym(r, fact.verb)] end,
  has = function(r) return synonym(r, "has") end,
  have = function(r) return synonym(r, "have") end,
  place = function(r, fact) return synonym(r, fact.place) end,
  adjective = function(r, fact) return synonym(r, fact.adjective) end,
  thing = thing,
  a_thing = function(r, fact)
    local words = thing(r, fact)
    return lexicon.article(words) .. " " .. words
  end,
  nouns = function(_, fact) return lexicon.plural[fact.noun] end,
  every = function(_, fact) return fact.quantifier == "all" and "every" or fact.quantifier end,
  converse = function(_, fact) return lexicon.converse[fact.comparative] end,
}

--- Fills the `{part}`s of a template with words for the slots of `fact`.
function facts.fill(r, template, fact)
  return (template:gsub("{([%w_]+)}", function(part)
    local say = parts[part]
    if say then return say(r, fact) end
    return fact[part]
  end))
end

--- A sentence that expresses `fact`.
function facts.say(r, fact)
  local kind = facts.kinds[fact.kind]
  return facts.fill(r, r:choice(fact.negated and kind.denied or kind.said), fact)
end

--- `say()` again until the text differs from `sentence`, five times at most.
function facts.otherwise(sentence, say)
  local other
  for _ = 1, 5 do
    other = say()
    if other ~= sentence then break end
  end
  return other
end

--- Two sentences that express `fact`, different if possible.
function facts.say_twice(r, fact)
  local first = facts.say(r, fact)
  return first, facts.otherwise(first, function() return facts.say(r, fact) end)
end

--- The word of `sentence` that expresses `slot` of `fact`.
function facts.uttered(sentence, fact, slot)
  local plain = slot == "verb" and lexicon.lemma or lexicon.plain
  local meant = plain[fact[slot]]
  for word in sentence:gmatch "%S+" do
    if plain[word] == meant then return word end
  end
end

--- A name that is in neither slot a nor slot b of `fact`.
function facts.other_person(r, fact)
  local name
  repeat name = r:choice(lexicon.names) until name ~= fact.a and name ~= fact.b
  return name
end

--- Draws a value for each slot that is always filled.
local values = {
  a = function(r, fact) return facts.other_person(r, fact) end,
  b = function(r, fact) return facts.other_person(r, fact) end,
  noun = function(r) return r:choice(lexicon.nouns) end,
  place = function(r) return r:choice(lexicon.places) end,
  comparative = function(r, fact)
    return r:choice(lexicon.scales)[lexicon.direction[fact.comparative] or r:integer(1, 2)]
  end,
  quantifier = function(r) return r:choice(facts.quantifiers) end,
  adjective = function(r) return r:choice(r:choice(lexicon.dimensions)) end,
  verb = function(r, fact)
    if fact.kind == "act" then return r:choice(lexicon.acts) end
    return r:choice(lexicon.transfers)[1]
  end,
}

--- Probability of an optional adjective.
local adjective_rate = { transfer = 0.5, possession = 0.6 }

-- Places that do not exclude each other: the kitchen is in the house.
local overlapping = { kitchen = "house", house = "kitchen" }

--- Another value for one slot of `fact` that makes it a different fact. A comparative keeps its
--- direction: "older" or "richer" for "taller".
function facts.value(r, fact, slot)
  local old, value = fact[slot], nil
  repeat
    value = values[slot](r, fact)
  until value ~= old and (not old or value ~= overlapping[old])
  return value
end

--- A random fact: of `kind` or any kind, with `a` or a random person in slot a.
function facts.random(r, kind, a)
  local fact = { kind = kind or r:choice(facts.names) }
  fact.a = a
  for _, slot in ipairs(facts.kinds[fact.kind].slots) do
    local rate = slot == "adjective" and adjective_rate[fact.kind] or 1
    if not fact[slot] and r:chance(rate) then fact[slot] = values[slot](r, fact) end
  end
  return fact
end

--- A copy of `fact` with some slots changed.
function facts.with(fact, changes)
  local copy = {}
  for slot, value in pairs(fact) do copy[slot] = value end
  for slot, value in pairs(changes) do copy[slot] = value end
  return copy
end

--- Whether two facts share a person or a kind of noun.
function facts.related(f, g)
  for _, slot in ipairs { "a", "b" } do
    local person = f[slot]
    if person and (person == g.a or person == g.b) then return true end
  end
  return f.noun ~= nil and g.noun ~= nil and lexicon.kind_of[f.noun] == lexicon.kind_of[g.noun]
end

--- A random fact with no person and no kind of noun of the facts in the list.
function facts.unrelated(r, list)
  while true do
    local fact, free = facts.random(r), true
    for _, other in ipairs(list) do
      if facts.related(fact, other) then free = false end
    end
    if free then return fact end
  end
end

return facts
