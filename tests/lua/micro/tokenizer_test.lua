local lexicon = require "compt.micro.lexicon"
local narrative = require "compt.micro.narrative"
local random = require "compt.micro.random"
local skills = require "compt.micro.skills"
local tasks = require "compt.micro.tasks"
local tokenizer = require "compt.micro.tokenizer"

-- One piece a word, none unknown, and the text comes back.
local function one_piece_a_word(text)
  local ids = tokenizer.encode(text)
  assert(#ids == #lexicon.split(text) + 1, text)
  for _, id in ipairs(ids) do assert(id ~= tokenizer.unk, text) end
  assert(tokenizer.decode(ids) == text, text)
end

return {
  ["T5's conventions for ids"] = function()
    local pieces = tokenizer.pieces()
    assert(#pieces == 448 and tokenizer.size == 448)
    assert(pieces[1] == "<pad>" and pieces[2] == "</s>" and pieces[3] == "<unk>")
    assert(pieces[448] == "<extra_id_0>" and pieces[417] == "<extra_id_31>")
    assert(tokenizer.sentinel(0) == 447 and tokenizer.sentinel(31) == 416)
  end,

  ["pieces are unique"] = function()
    local seen = {}
    for _, piece in ipairs(tokenizer.pieces()) do
      assert(not seen[piece], piece)
      seen[piece] = true
    end
  end,

  ["ids of the tokenizers library"] = function()
    local count = 0
    for line in io.lines "tests/golden/micro_tokenizer.tsv" do
      local text, ids = line:match "^(.*)\t(.*)$"
      assert(table.concat(tokenizer.encode(text), " ") == ids, text)
      count = count + 1
    end
    assert(count == 13)
  end,

  ["every word of the micro world is one piece"] = function()
    local r = random.new(11)
    for _ = 1, 1000 do one_piece_a_word(narrative.draw(r)) end
    for _, skill in ipairs(skills.list) do
      for _ = 1, 300 do
        local source, target = skills.draw(r, skill.name, 0.3)
        one_piece_a_word(source)
        one_piece_a_word(target)
      end
    end
    for _, name in ipairs(tasks.all_names) do
      for _, row in ipairs(tasks.rows(name, { count = 200, seed = 11 })) do
        one_piece_a_word(tasks.source(name, row))
        one_piece_a_word(row.label)
      end
    end
  end,

  ["label words are single pieces, those of the tasks too"] = function()
    for _, name in ipairs(tasks.all_names) do
      local labels = tasks.definitions[name].labels
      for _, label in ipairs(type(labels) == "table" and labels or { "0.0", "0.5", "5.0" }) do
        assert(#tokenizer.encode(label) == 2, label)
      end
    end
  end,

  ["prefixes of tasks are single pieces, each its own"] = function()
    local seen = {}
    for _, name in ipairs(tasks.all_names) do
      local prefix = tasks.definitions[name].prefix
      assert(#tokenizer.encode(prefix) == 2 and not seen[prefix], name)
      seen[prefix] = true
    end
  end,

  ["other text is spelled"] = function()
    assert(tokenizer.decode(tokenizer.encode "Zebra dogs!") == "zebra dogs !")
  end,
}
