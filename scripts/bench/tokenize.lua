--- Tokenizes every line of a file at each command. Options: tokenizer (a folder), texts.
local compt = require "compt"
local serve = require "serve"

local tokenizer = compt.tokenizer(compt.args.tokenizer)
local texts = {}
for line in io.lines(compt.args.texts) do texts[#texts + 1] = line end

serve {
  encode = function()
    local tokens = 0
    for _, ids in ipairs(tokenizer:encode_batch(texts)) do tokens = tokens + #ids end
    return { tokens = tokens }
  end,
}
