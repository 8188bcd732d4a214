--- Makes a sentence ungrammatical: a wrong agreement, a missing function word, or
--- two swapped neighbours. Every noun of the microworld is countable, so it needs its
--- article. Changes after which the sentence could still be grammatical are not made ("gave
--- the dog ben", "is tom in the park ?", "dogs all are red", "some drill fast").
local lexicon = require "compt.micro.lexicon"

local corruption = {}

---@type table<string, string?>
local disagreeing = {
  is = "are", are = "is", was = "were", has = "have", owns = "own", stays = "stay",
}

-- Function words that can be removed: always, or if a test of the words around index `i` holds.
---@type table<string, true|fun(words: string[], i: integer): boolean>
local droppable = {
  a = true, an = true, than = true, are = true, ["'s"] = true,
  is = function(words) return words[1] ~= "some" end, -- "some rose fast"
  the = function(words, i) return words[i - 1] ~= "in" end, -- "in school"
  ["in"] = function(words, i) return words[i - 1] == "stays" end, -- "is the park"
}

local auxiliary = { is = true, was = true, has = true }

-- Swapping these gives a question without its mark, or a floating quantifier.
local function swap_reads_well(first, second, at)
  return at == 1 and (auxiliary[second] or first == "all")
end

local function disagree(words)
  local found = {}
  for i, word in ipairs(words) do
    if disagreeing[word] then
      found[#found + 1] = function() words[i] = disagreeing[word] end
    end
  end
  return found
end

local function drop(words)
  local found = {}
  for i, word in ipairs(words) do
    local rule = droppable[word]
    if rule == true or type(rule) == "function" and rule(words, i) then
      found[#found + 1] = function() table.remove(words, i) end
    end
  end
  return found
end

local function swap(words)
  local found = {}
  for i = 1, #words - 2 do
    if not swap_reads_well(words[i], words[i + 1], i) then
      found[#found + 1] = function() words[i], words[i + 1] = words[i + 1], words[i] end
    end
  end
  return found
end

local breaks = { disagree, drop, swap }

--- An ungrammatical form of `sentence`.
function corruption.broken(r, sentence)
  local words = lexicon.split(sentence)
  local found
  repeat found = r:choice(breaks)(words) until #found > 0
  r:choice(found)()
  return table.concat(words, " ")
end

return corruption
