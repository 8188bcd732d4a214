--- The words of the micro world and their relations.
local lexicon = {}

local function words(text)
  local list = {}
  for word in text:gmatch "%S+" do list[#list + 1] = word end
  return list
end

lexicon.split = words

lexicon.names = words "tom anna ben lucy sam mia leo nina max ella jack rosa adam clara paul vera"

--- Nouns under their hypernyms.
lexicon.kinds = {
  { "animal", words "dog cat horse goat rabbit" },
  { "flower", words "rose tulip daisy lily poppy" },
  { "fruit", words "pear plum peach lemon melon" },
  { "toy", words "ball doll kite puzzle drum" },
  { "tool", words "hammer drill saw shovel rake" },
  { "vehicle", words "car bus truck bike tractor" },
}

lexicon.places = words "kitchen garden school park house shop forest street office station"

--- Adjectives by dimension: two of one dimension exclude each other.
lexicon.dimensions = {
  words "red blue green yellow black white",
  words "big small",
  words "fast slow",
  words "clean dirty",
  words "heavy light",
  words "cheap costly",
  words "strong weak",
}

--- Verbs of transfer and their converses: a gives x to b = b gets x from a.
lexicon.transfers = { { "give", "get" }, { "sell", "buy" }, { "lend", "borrow" } }

lexicon.acts = words "follow help see call praise push"

--- Comparatives and their converses.
lexicon.scales = {
  { "taller", "shorter" },
  { "older", "younger" },
  { "richer", "poorer" },
  { "louder", "quieter" },
}

--- base, past, participle.
lexicon.verbs = {
  { "give", "gave" }, { "hand", "handed" }, { "get", "got" }, { "receive", "received" },
  { "sell", "sold" }, { "buy", "bought" }, { "lend", "lent" }, { "borrow", "borrowed" },
  { "follow", "followed" }, { "help", "helped" }, { "assist", "assisted" },
  { "see", "saw", "seen" }, { "notice", "noticed" }, { "call", "called" },
  { "phone", "phoned" }, { "praise", "praised" }, { "push", "pushed" },
  { "like", "liked" }, { "enjoy", "enjoyed" }, { "love", "loved" },
  { "hate", "hated" }, { "dislike", "disliked" },
}

--- Synonyms, verbs in base form; the first is the canonical one.
lexicon.synonyms = {
  { "big", "large" }, { "small", "little" }, { "fast", "quick" }, { "clean", "tidy" },
  { "dirty", "messy" }, { "strong", "tough" }, { "costly", "expensive" },
  { "shop", "store" }, { "forest", "woods" }, { "street", "road" }, { "house", "home" },
  { "give", "hand" }, { "get", "receive" }, { "help", "assist" }, { "see", "notice" },
  { "call", "phone" }, { "has", "owns" }, { "have", "own" },
}

--- Opinions.
lexicon.praise = words "good great lovely superb fun wonderful"
lexicon.blame = words "bad awful dull boring poor terrible"
lexicon.topics = words "film book song meal game show story trip"
lexicon.liking = words "like enjoy love"
lexicon.disliking = words "hate dislike"
lexicon.degrees = words "very really quite"

lexicon.nouns, lexicon.kind_of, lexicon.plural = {}, {}, {}
lexicon.adjectives, lexicon.dimension_of = {}, {}
lexicon.converse, lexicon.synonym = {}, {}
lexicon.past, lexicon.participle = {}, {}

local function plural(noun)
  if noun:find "s$" or noun:find "ch$" then return noun .. "es" end
  if noun:find "[^aeiou]y$" then return noun:sub(1, -2) .. "ies" end
  return noun .. "s"
end

for _, kind in ipairs(lexicon.kinds) do
  local hypernym, nouns = kind[1], kind[2]
  lexicon.kind_of[hypernym] = hypernym
  for _, noun in ipairs(nouns) do
    table.insert(lexicon.nouns, noun)
    lexicon.kind_of[noun] = hypernym
    lexicon.plural[noun] = plural(noun)
  end
end

for _, dimension in ipairs(lexicon.dimensions) do
  for _, adjective in ipairs(dimension) do
    table.insert(lexicon.adjectives, adjective)
    lexicon.dimension_of[adjective] = dimension
  end
end

for _, pairs_of in ipairs { lexicon.transfers, lexicon.scales } do
  for _, pair in ipairs(pairs_of) do
    lexicon.converse[pair[1]], lexicon.converse[pair[2]] = pair[2], pair[1]
  end
end

for _, pair in ipairs(lexicon.synonyms) do
  lexicon.synonym[pair[1]] = pair[2]
end

for _, verb in ipairs(lexicon.verbs) do
  lexicon.past[verb[1]] = verb[2]
  lexicon.participle[verb[1]] = verb[3] or verb[2]
end

--- Comparative -> which end of its scale it is, 1 or 2.
lexicon.direction = {}
for _, scale in ipairs(lexicon.scales) do
  lexicon.direction[scale[1]], lexicon.direction[scale[2]] = 1, 2
end

--- Any word -> its canonical word; `lemma` does this for forms of verbs.
lexicon.plain, lexicon.lemma = { every = "all", some = "some", all = "all", no = "no" }, {}

for _, list in ipairs { lexicon.names, lexicon.nouns, lexicon.places, lexicon.adjectives } do
  for _, word in ipairs(list) do lexicon.plain[word] = word end
end
for noun, many in pairs(lexicon.plural) do lexicon.plain[many] = noun end
for _, scale in ipairs(lexicon.scales) do
  lexicon.plain[scale[1]], lexicon.plain[scale[2]] = scale[1], scale[1]
end
for word, other in pairs(lexicon.synonym) do lexicon.plain[other] = lexicon.plain[word] end

local first_of = {}
for _, transfer in ipairs(lexicon.transfers) do first_of[transfer[2]] = transfer[1] end
for _, pair in ipairs(lexicon.synonyms) do first_of[pair[2]] = first_of[pair[1]] or pair[1] end
for _, verb in ipairs(lexicon.verbs) do
  for _, form in ipairs(verb) do lexicon.lemma[form] = first_of[verb[1]] or verb[1] end
end

--- The indefinite article before `word`.
function lexicon.article(word)
  return word:find "^[aeio]" and "an" or "a"
end

return lexicon
