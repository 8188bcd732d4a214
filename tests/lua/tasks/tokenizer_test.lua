local compt = require "compt"

local tokenizer = compt.tokenizer "tests/golden/tokenizer"

return {
  ["a text is encoded to ids that end with </s>, and decoded"] = function()
    local ids = tokenizer:encode "the dog sees the red ball."
    assert(ids[#ids] == tokenizer.eos_id and tokenizer.eos_id == 1 and tokenizer.pad_id == 0)
    assert(tokenizer:decode(ids) == "the dog sees the red ball.")
  end,

  ["a batch is encoded text by text"] = function()
    local batch = tokenizer:encode_batch { "the dog", "a" }
    assert(#batch == 2 and #batch[1] > #batch[2])
    assert(table.concat(batch[1], " ") == table.concat(tokenizer:encode "the dog", " "))
  end,

  ["tokens have ids"] = function()
    assert(tokenizer:id_of "<extra_id_0>" == tokenizer.vocab_size - 1)
    assert(tokenizer:id_of "no such token" == nil)
    assert(tostring(tokenizer):find "tokens")
  end,

  ["a folder without a tokenizer is named"] = function()
    local ok, message = pcall(compt.tokenizer, "tests/fixtures")
    assert(not ok and tostring(message):find("tests/fixtures: no tokenizer", 1, true), message)
  end,
}
