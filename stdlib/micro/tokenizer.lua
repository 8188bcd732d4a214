--- The tokenizer of the micro backbone: one piece per word, single characters as a fallback; T5's
--- conventions (pad 0, end of sequence 1, unknown 2, <extra_id_0> the last id). `json()` is the
--- same tokenizer as a `tokenizer.json` (Unigram) for the `tokenizers` library.
local vocabulary = require "compt.micro.vocabulary"

local tokenizer = {}

tokenizer.pad, tokenizer.eos, tokenizer.unk = 0, 1, 2

--- Number of <extra_id_n>.
tokenizer.sentinels = 32

local word_score, character_score = -6, -14
local marker = "▁"
local characters = "abcdefghijklmnopqrstuvwxyz0123456789.,?!;:'-_"

-- Pieces in the order of their ids, each with its score.
local entries = {}

local function piece(text, score)
  entries[#entries + 1] = { text, score }
end

for _, special in ipairs { "<pad>", "</s>", "<unk>" } do piece(special, 0) end
for _, word in ipairs(vocabulary) do piece(marker .. word, word_score) end
piece(marker, character_score)
for character in characters:gmatch "." do piece(character, character_score) end
for n = 0, -#entries % 32 - 1 do piece(("<unused_%d>"):format(n), character_score) end
for n = tokenizer.sentinels - 1, 0, -1 do piece(("<extra_id_%d>"):format(n), 0) end

--- Number of pieces.
tokenizer.size = #entries

---@type table<string, integer?>
local id_of = {}
for i, entry in ipairs(entries) do id_of[entry[1]] = i - 1 end

---@type table<string, integer?>
local id_of_word = {}
for _, word in ipairs(vocabulary) do id_of_word[word] = id_of[marker .. word] end

--- The id of `<extra_id_n>`, n from 0.
function tokenizer.sentinel(n)
  return tokenizer.size - 1 - n
end

--- All pieces, in the order of their ids: the first has id 0.
function tokenizer.pieces()
  local list = {}
  for i, entry in ipairs(entries) do list[i] = entry[1] end
  return list
end

-- The best split of a word that is not a piece: the longest prefix that is one, then characters;
-- a run of unknown characters is one unknown piece.
local function spell(word, ids)
  local start = #word
  while start > 0 and not id_of_word[word:sub(1, start)] do start = start - 1 end
  ids[#ids + 1] = start > 0 and id_of_word[word:sub(1, start)] or id_of[marker]
  local last
  for character in word:sub(start + 1):gmatch(utf8.charpattern) do
    local id = id_of[character] or tokenizer.unk
    if id ~= tokenizer.unk or last ~= id then ids[#ids + 1] = id end
    last = id
  end
end

local function encode_word(word, ids)
  local id = id_of_word[word]
  if id then
    ids[#ids + 1] = id
  elseif word ~= "" then
    spell(word, ids)
  end
end

local function encode_token(token, ids)
  if id_of_word[token] then return encode_word(token, ids) end
  local stem, stops = token:match "^(.-)([.,?!;:]*)$"
  local bare = stem:match "^(.+)'s$"
  encode_word(bare or stem, ids)
  if bare then encode_word("'s", ids) end
  encode_word(stops, ids)
end

--- The ids of a text, with the final 1. Special tokens in a text are split into characters like
--- any other word, and only ASCII letters are converted to lower case.
function tokenizer.encode(text)
  local ids = {}
  for token in text:lower():gmatch "%S+" do
    local id = id_of_word[token]
    if id then ids[#ids + 1] = id else encode_token(token, ids) end
  end
  ids[#ids + 1] = tokenizer.eos
  return ids
end

--- The text of a list of ids, without padding and end of sequence.
function tokenizer.decode(ids)
  local parts = {}
  for _, id in ipairs(ids) do
    if id > tokenizer.eos then parts[#parts + 1] = entries[id + 1][1] end
  end
  return (table.concat(parts):gsub(marker, " "):gsub("^ ", ""))
end

local function quoted(text)
  return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

local function added_token(text)
  return ('{"id":%d,"content":%s,"single_word":false,"lstrip":false,"rstrip":false,' ..
    '"normalized":false,"special":true}'):format(id_of[text], quoted(text))
end

local function added_tokens()
  local list = { added_token "<pad>", added_token "</s>", added_token "<unk>" }
  for n = tokenizer.sentinels - 1, 0, -1 do
    list[#list + 1] = added_token(("<extra_id_%d>"):format(n))
  end
  return table.concat(list, ",\n    ")
end

local function scored_pieces()
  local list = {}
  for i, entry in ipairs(entries) do
    list[i] = ("[%s,%.1f]"):format(quoted(entry[1]), entry[2])
  end
  return table.concat(list, ",\n      ")
end

local template = [[
{
  "version": "1.0",
  "truncation": null,
  "padding": null,
  "added_tokens": [
    $added
  ],
  "normalizer": {"type": "Lowercase"},
  "pre_tokenizer": {
    "type": "Sequence",
    "pretokenizers": [
      {"type": "WhitespaceSplit"},
      {"type": "Split", "pattern": {"Regex": "[.,?!;:]+$"}, "behavior": "Isolated", "invert": false},
      {"type": "Split", "pattern": {"Regex": "'s$"}, "behavior": "Isolated", "invert": false},
      {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}
    ]
  },
  "post_processor": {
    "type": "TemplateProcessing",
    "single": [
      {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}
    ],
    "pair": [
      {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}},
      {"Sequence": {"id": "B", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}
    ],
    "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}
  },
  "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
  "model": {
    "type": "Unigram",
    "unk_id": 2,
    "vocab": [
      $pieces
    ],
    "byte_fallback": false
  }
}
]]

--- The text of a `tokenizer.json` that produces the same ids.
function tokenizer.json()
  return (template:gsub("%$(%w+)", { added = added_tokens(), pieces = scored_pieces() }))
end

return tokenizer
