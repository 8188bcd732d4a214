--- Questions: each asks for one slot of a fact and shows the others. Facts of quantity are not
--- asked about.
local facts = require "compt.micro.facts"

local questions = {}

--- kind -> slot asked -> what the question shows, and two wordings.
---@type table<string, table<string, table>>
questions.forms = {
  transfer = {
    a = {
      shows = { "verb", "b", "noun" },
      "who {gave} the {noun} to {b} ?",
      "who did {b} {get} the {noun} from ?",
    },
    b = {
      shows = { "verb", "a", "noun" },
      "who {got} the {noun} from {a} ?",
      "who did {a} {give} the {noun} to ?",
    },
    noun = {
      shows = { "verb", "a", "b" },
      "what did {a} {give} to {b} ?",
      "what did {b} {get} from {a} ?",
    },
  },
  act = {
    a = { shows = { "verb", "b" }, "who {gave} {b} ?", "who was {b} {seen} by ?" },
    b = { shows = { "verb", "a" }, "who did {a} {give} ?", "who was {seen} by {a} ?" },
  },
  location = {
    a = { shows = { "place" }, "who is in the {place} ?", "who stays in the {place} ?" },
    place = { shows = { "a" }, "where is {a} ?", "where does {a} stay ?" },
  },
  possession = {
    a = {
      shows = { "noun", "adjective" },
      "who {has} {a_thing} ?",
      "who is {a_thing} owned by ?",
    },
    noun = { shows = { "a" }, "what does {a} {have} ?", "what is owned by {a} ?" },
  },
  property = {
    a = {
      shows = { "noun", "adjective" },
      "whose {noun} is {adjective} ?",
      "who {has} the {thing} ?",
    },
    adjective = {
      shows = { "a", "noun" },
      "what is {a} 's {noun} like ?",
      "what is the {noun} of {a} like ?",
    },
  },
  comparison = {
    a = {
      shows = { "comparative", "b" },
      "who is {comparative} than {b} ?",
      "who is {b} {converse} than ?",
    },
    b = {
      shows = { "comparative", "a" },
      "who is {converse} than {a} ?",
      "who is {a} {comparative} than ?",
    },
  },
}

--- The slots of each kind that can be asked for, in a fixed order.
questions.slots = {}
for kind, forms in pairs(questions.forms) do
  local slots = {}
  for _, slot in ipairs(assert(facts.kinds[kind]).slots) do
    if forms[slot] ~= nil then slots[#slots + 1] = slot end
  end
  questions.slots[kind] = slots
end

--- A random slot of `fact` to ask for, different from `except`.
function questions.slot(r, fact, except)
  local slot
  repeat slot = r:choice(questions.slots[fact.kind]) until slot ~= except
  return slot
end

--- What the question for `slot` shows of `fact`: a list of slots that are filled.
function questions.shown(fact, slot)
  local shown = {}
  for _, name in ipairs(questions.forms[fact.kind][slot].shows) do
    if fact[name] then shown[#shown + 1] = name end
  end
  return shown
end

--- A question that asks for `slot` of `fact`.
function questions.ask(r, fact, slot)
  return facts.fill(r, r:choice(questions.forms[fact.kind][slot]), fact)
end

--- Two questions that ask the same, worded differently if possible.
function questions.ask_twice(r, fact, slot)
  local first = questions.ask(r, fact, slot)
  return first, facts.otherwise(first, function() return questions.ask(r, fact, slot) end)
end

return questions
