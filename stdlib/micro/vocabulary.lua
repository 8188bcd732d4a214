--- All words of the micro world, in a fixed order.
local lexicon = require "compt.micro.lexicon"
local skills = require "compt.micro.skills"

local words = {} ---@type string[]
local seen = {}

local function add(list)
  for _, word in ipairs(list) do
    if not seen[word] then words[#words + 1] = word end
    seen[word] = true
  end
end

local function add_all(lists)
  for _, list in ipairs(lists) do add(list) end
end

add(lexicon.split ". ? : 's")
add(lexicon.split [[a an the of in to from by than and but is are was were not did do does has have
  stays stay who what where whose it like means every owned]])
add(lexicon.names)
for _, kind in ipairs(lexicon.kinds) do
  add { kind[1] }
  for _, noun in ipairs(kind[2]) do add { noun, lexicon.plural[noun] } end
end
add(lexicon.places)
add(lexicon.adjectives)
for _, verb in ipairs(lexicon.verbs) do add(verb) end
add_all(lexicon.scales)
add_all(lexicon.synonyms)
add { "all", "some", "no" }
add_all { lexicon.praise, lexicon.blame, lexicon.topics, lexicon.degrees }
add_all(skills.fields)
for _, skill in ipairs(skills.list) do
  for _, wording in ipairs(skills.judging[skill.name] or {}) do
    add(lexicon.split(wording[1]))
  end
end
local say = skills.instructions
local unchanged = table.concat(skills.unchanged, " ")
for _, text in ipairs {
  say.qa, say.kind, say.synonym, say.opposite, say.differ, unchanged, say.rewrite,
} do
  add(lexicon.split(text))
end
add { "options" }
add(skills.option_words)
for tenth = 0, 50, 5 do add { string.format("%.1f", tenth / 10) } end

return words
