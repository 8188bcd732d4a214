--- Opinions: positive or negative sentences about something. A negation reverses the sentiment ("not
--- dull" is positive); of two opinions joined by "but", the second determines the label.
local lexicon = require "compt.micro.lexicon"

local opinions = {}

opinions.denied_rate = 0.35
opinions.contrast_rate = 0.25
opinions.degree_rate = 0.4

-- Templates; `{word}` is an adjective, an article and an adjective, or a verb.
local forms = {
  { said = "the {topic} was {word}", denied = "the {topic} was not {word}" },
  { said = "it was {word} {topic}", denied = "it was not {word} {topic}", article = true },
  { said = "{name} {word} the {topic}", denied = "{name} did not {word} the {topic}", verb = true },
}

local function graded(r, word)
  return r:chance(opinions.degree_rate) and r:choice(lexicon.degrees) .. " " .. word or word
end

local function evaluation(r, form, positive, denied)
  local word
  if form.verb then
    word = r:choice(positive and lexicon.liking or lexicon.disliking)
    if denied then return word end
    word = lexicon.past[word]
    return r:chance(opinions.degree_rate) and "really " .. word or word
  end
  word = r:choice(positive and lexicon.praise or lexicon.blame)
  -- "not very dull" is not clearly positive, so a negated word has no degree.
  if not denied then word = graded(r, word) end
  return form.article and lexicon.article(word) .. " " .. word or word
end

--- An opinion on `topic`, without a full stop; `positive` is its sentiment.
function opinions.clause(r, topic, positive)
  local form, denied = r:choice(forms), r:chance(opinions.denied_rate)
  local slots = {
    topic = topic,
    name = r:choice(lexicon.names),
    word = evaluation(r, form, positive ~= denied, denied),
  }
  return ((denied and form.denied or form.said):gsub("{(%w+)}", slots))
end

--- A sentence of praise (`positive`) or blame.
function opinions.sentence(r, positive)
  local topic = r:choice(lexicon.topics)
  local clause = opinions.clause(r, topic, positive)
  if r:chance(opinions.contrast_rate) then
    local other
    repeat other = r:choice(lexicon.topics) until other ~= topic
    clause = opinions.clause(r, other, not positive) .. " but " .. clause
  end
  return clause .. " ."
end

return opinions
