--- Decides which facts follow from others, by rules on the facts that `reader` reads. In doubt it
--- finds a relation, so that its "unknown" is reliable.
local lexicon = require "compt.micro.lexicon"

local judge = {}

local slots = { "kind", "verb", "a", "b", "noun", "adjective", "place", "scale", "quantifier" }

--- Whether two facts have the same meaning.
function judge.same(f, g)
  for _, slot in ipairs(slots) do
    if f[slot] ~= g[slot] then return false end
  end
  return f.negated == g.negated
end

local function agree(f, g, names)
  for _, name in ipairs(names) do
    if f[name] ~= g[name] then return false end
  end
  return true
end

-- f's noun is g's, or a kind of it.
local function noun_covered(f, g)
  return f.noun == g.noun or lexicon.kind_of[f.noun] == g.noun
end

local function exclude(one, other)
  return one ~= other and lexicon.dimension_of[one] == lexicon.dimension_of[other]
end

local function adjective_covered(f, g)
  return g.adjective == nil or f.adjective == g.adjective
end

-- Rules on two facts without negation: "yes", "no" or nil.
local rules = {}

function rules.transfer(f, g)
  local same_verb = f.verb == g.verb or g.vague
  if not same_verb or not noun_covered(f, g) then return nil end
  if agree(f, g, { "a", "b" }) then return adjective_covered(f, g) and "yes" or nil end
  if f.a == g.b and f.b == g.a then return "no" end
end

function rules.act(f, g)
  if agree(f, g, { "verb", "a", "b" }) then return "yes" end
end

function rules.location(f, g)
  if f.a ~= g.a then return nil end
  if f.place == g.place or f.place == "kitchen" and g.place == "house" then return "yes" end
  if f.place == "house" and g.place == "kitchen" then return nil end
  return "no"
end

function rules.possession(f, g)
  if f.a == g.a and noun_covered(f, g) and adjective_covered(f, g) then return "yes" end
end

function rules.property(f, g)
  if f.a ~= g.a or not noun_covered(f, g) then return nil end
  if f.adjective == g.adjective then return "yes" end
  if exclude(f.adjective, g.adjective) then return "no" end
end

function rules.comparison(f, g)
  if f.scale ~= g.scale then return nil end
  if agree(f, g, { "a", "b" }) then return "yes" end
  if f.a == g.b and f.b == g.a then return "no" end
end

function rules.quantity(f, g)
  if f.noun ~= g.noun then return nil end
  if f.adjective ~= g.adjective then
    return f.quantifier == "all" and g.quantifier ~= "no" and exclude(f.adjective, g.adjective)
      and "no" or nil
  end
  if f.quantifier == g.quantifier then return "yes" end
  if f.quantifier == "no" or g.quantifier == "no" then return "no" end
  return f.quantifier == "all" and "yes" or nil
end

-- Facts of different kinds that name the same kind of thing of one person, or of all of them, are
-- not independent.
local function entangled(f, g)
  if not f.noun or not g.noun then return false end
  if lexicon.kind_of[f.noun] ~= lexicon.kind_of[g.noun] then return false end
  local shared = f.a == g.a or f.a == g.b or f.b == g.a
  return f.kind == "quantity" or g.kind == "quantity" or shared
end

local function positive(f, g)
  if f.kind == g.kind then return rules[f.kind](f, g) end
  return entangled(f, g) and "entangled" or nil
end

--- Whether `g` follows from `f` (not negated): "yes", "no", "unknown" or "entangled".
function judge.one(f, g)
  assert(not f.negated)
  local verdict = positive(f, g) or "unknown"
  if not g.negated then return verdict end
  return verdict == "yes" and "no" or verdict == "no" and "yes" or verdict
end

--- Whether `g` follows from a list of facts.
function judge.all(list, g)
  local verdict = "unknown"
  for _, f in ipairs(list) do
    local one = judge.one(f, g)
    assert(verdict == "unknown" or one == "unknown", "two of the premises speak of it")
    if one ~= "unknown" then verdict = one end
  end
  return verdict
end

--- Whether fact `f` answers question `q`.
function judge.answers(f, q)
  local has = { possession = true, property = true, transfer = true }
  if f.kind ~= q.kind then
    if q.kind == "possession" and has[f.kind] then
      local owner = q.asks == "a" or f.a == q.a or f.b == q.a
      return owner and (q.asks == "noun" or f.noun == q.noun)
    end
    return q.kind == "property" and f.kind == "possession" and f.noun == q.noun
      and (f.a == q.a or f.adjective == q.adjective)
  end
  for _, slot in ipairs { "a", "b", "noun", "adjective", "scale" } do
    if q[slot] and f[slot] ~= q[slot] then return false end
  end
  if q.verb and q.verb ~= f.verb and not q.vague then return false end
  return not q.place or f.place == q.place or f.place == "kitchen" and q.place == "house"
end

local compared = {
  transfer = { "verb", "a", "b", "noun" },
  act = { "verb", "a", "b" },
  location = { "a", "place" },
  possession = { "a", "noun" },
  property = { "a", "noun", "adjective" },
}

local function kept(f, g, names)
  local count = 0
  for _, name in ipairs(names) do count = count + (f[name] == g[name] and 1 or 0) end
  return count / #names
end

--- Five times the share of slots two facts have in common, by halves.
function judge.likeness(f, g)
  if f.kind ~= g.kind then return "0.0" end
  local share = kept(f, g, compared[f.kind] or { "scale", "a", "b" })
  return ("%.1f"):format((10 * share + 0.5) // 1 / 2)
end

return judge
