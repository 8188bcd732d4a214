--- Parses sentences of the micro world into facts, with a grammar that is independent of the generator's.
--- It is used to check that labels are correct.
local lexicon = require "compt.micro.lexicon"

local reader = {}

local function set(list)
  local found = {}
  for _, word in ipairs(list) do found[word] = word end
  return found
end

local function with(base, more)
  for word, value in pairs(more) do base[word] = value end
  return base
end

-- class -> word -> what it means.
local classes = {
  name = set(lexicon.names),
  noun = set(lexicon.nouns),
  nouns = {},
  adjective = with(set(lexicon.adjectives), {
    large = "big", little = "small", quick = "fast", tidy = "clean", messy = "dirty",
    tough = "strong", expensive = "costly",
  }),
  place = with(set(lexicon.places), {
    store = "shop", woods = "forest", road = "street", home = "house",
  }),
  gave = { gave = "give", handed = "give", sold = "sell", lent = "lend" },
  give = { give = "give", hand = "give", sell = "sell", lend = "lend" },
  got = { got = "give", received = "give", bought = "sell", borrowed = "lend" },
  get = { get = "give", receive = "give", buy = "sell", borrow = "lend" },
  saw = {
    followed = "follow", helped = "help", assisted = "help", saw = "see", noticed = "see",
    called = "call", phoned = "call", praised = "praise", pushed = "push",
  },
  see = {
    follow = "follow", help = "help", assist = "help", see = "see", notice = "see",
    call = "call", phone = "call", praise = "praise", push = "push",
  },
  has = set { "has", "owns" },
  have = set { "have", "own" },
  article = set { "a", "an" },
  more = { taller = "height", older = "age", richer = "wealth", louder = "noise" },
  less = { shorter = "height", younger = "age", poorer = "wealth", quieter = "noise" },
  many = { all = "all", some = "some", no = "no" },
  each = { every = "all", some = "some", no = "no" },
}

for _, kind in ipairs(lexicon.kinds) do classes.noun[kind[1]] = kind[1] end
for noun, many in pairs(lexicon.plural) do classes.nouns[many] = noun end
classes.seen = with({ seen = "see" }, classes.saw)
classes.seen.saw = nil

local function rules(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do
    local kind, rest = line:match "^%s*(%S+)%s+(.-)%s*$"
    if kind then list[#list + 1] = { kind = kind, terms = lexicon.split(rest) } end
  end
  return list
end

-- kind, then terms: `slot=class`, `slot?=class` (may be missing), or a word. `_` is not kept.
local sentences = rules [[
  transfer    a=name verb=gave the adjective?=adjective noun=noun to b=name .
  transfer    b=name verb=got the adjective?=adjective noun=noun from a=name .
  -transfer   a=name did not verb=give the adjective?=adjective noun=noun to b=name .
  -transfer   b=name did not verb=get the adjective?=adjective noun=noun from a=name .
  act         a=name verb=saw b=name .
  act         b=name was verb=seen by a=name .
  -act        a=name did not verb=see b=name .
  -act        b=name was not verb=seen by a=name .
  location    a=name is in the place=place .
  location    a=name stays in the place=place .
  -location   a=name is not in the place=place .
  -location   a=name does not stay in the place=place .
  possession  a=name _=has _=article adjective?=adjective noun=noun .
  possession  _=article adjective?=adjective noun=noun is owned by a=name .
  -possession a=name does not _=have _=article adjective?=adjective noun=noun .
  -possession _=article adjective?=adjective noun=noun is not owned by a=name .
  property    a=name 's noun=noun is adjective=adjective .
  property    the noun=noun of a=name is adjective=adjective .
  -property   a=name 's noun=noun is not adjective=adjective .
  -property   the noun=noun of a=name is not adjective=adjective .
  comparison  a=name is scale=more than b=name .
  comparison  b=name is scale=less than a=name .
  -comparison a=name is not scale=more than b=name .
  -comparison b=name is not scale=less than a=name .
  quantity    quantifier=many noun=nouns are adjective=adjective .
  quantity    quantifier=each noun=noun is adjective=adjective .
]]

local questions = rules [[
  transfer:a     who verb=gave the noun=noun to b=name ?
  transfer:a     who did b=name verb=get the noun=noun from ?
  transfer:b     who verb=got the noun=noun from a=name ?
  transfer:b     who did a=name verb=give the noun=noun to ?
  transfer:noun  what did a=name verb=give to b=name ?
  transfer:noun  what did b=name verb=get from a=name ?
  act:a          who verb=saw b=name ?
  act:a          who was b=name verb=seen by ?
  act:b          who did a=name verb=see ?
  act:b          who was verb=seen by a=name ?
  location:a     who is in the place=place ?
  location:a     who stays in the place=place ?
  location:place where is a=name ?
  location:place where does a=name stay ?
  possession:a   who _=has _=article adjective?=adjective noun=noun ?
  possession:a   who is _=article adjective?=adjective noun=noun owned by ?
  possession:noun what does a=name _=have ?
  possession:noun what is owned by a=name ?
  property:a     whose noun=noun is adjective=adjective ?
  property:a     who _=has the adjective=adjective noun=noun ?
  property:adjective what is a=name 's noun=noun like ?
  property:adjective what is the noun=noun of a=name like ?
  comparison:a   who is scale=more than b=name ?
  comparison:a   who is b=name scale=less than ?
  comparison:b   who is scale=less than a=name ?
  comparison:b   who is a=name scale=more than ?
]]

-- Getting may be by gift, sale or loan.
local vague = set { "got", "received", "get", "receive" }

-- Matches terms from `i` on with words from `j` on; fills `slots`.
local function match(terms, i, words, j, slots)
  local term = terms[i]
  if not term then return not words[j] end
  local slot, optional, class = term:match "^([%w_]+)(%??)=(%w+)$"
  if not slot then return term == words[j] and match(terms, i + 1, words, j + 1, slots) end
  local value = classes[class][words[j]]
  if value and match(terms, i + 1, words, j + 1, slots) then
    if slot ~= "_" then slots[slot] = value end
    slots.vague = slots.vague or vague[words[j]]
    return true
  end
  return optional == "?" and match(terms, i + 1, words, j, slots)
end

local function article_fits(words)
  for i, word in ipairs(words) do
    local vowel = words[i + 1] and words[i + 1]:find "^[aeiou]" ~= nil
    if word == "a" and vowel or word == "an" and not vowel then return false end
  end
  return true
end

local function read(grammar, text)
  local words, found = lexicon.split(text), {}
  for _, rule in ipairs(grammar) do
    local slots = { kind = rule.kind }
    if match(rule.terms, 1, words, 1, slots) and article_fits(words) then
      found[#found + 1] = slots
    end
  end
  return found
end

--- The fact of a sentence: its slots, `kind`, `negated`; nil for an ungrammatical sentence.
function reader.fact(sentence)
  local found = read(sentences, sentence)
  assert(#found <= 1, "two readings: " .. sentence)
  local fact = found[1]
  if not fact then return nil end
  fact.negated = fact.kind:sub(1, 1) == "-"
  fact.kind = fact.kind:gsub("^%-", "")
  return fact
end

--- The facts of the sentences of a text.
function reader.facts(text)
  local list = {}
  for sentence in text:gmatch "[^.]+%." do
    list[#list + 1] = assert(reader.fact(sentence), sentence)
  end
  return list
end

--- The content of a question: the slots it shows, `kind`, and the slot it `asks` for.
function reader.question(text)
  local found = read(questions, text)
  assert(#found == 1, ("%d readings: %s"):format(#found, text))
  local question = found[1]
  question.kind, question.asks = question.kind:match "^(.-):(.*)$"
  return question
end

return reader
