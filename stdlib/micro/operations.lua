--- Operations on facts: a fact that follows from another, contradicts it, does neither, or differs in one slot.
local facts = require "compt.micro.facts"
local lexicon = require "compt.micro.lexicon"

local operations = {}

-- Weaker facts by name; each function returns nil if it does not apply.
local weakenings = {
  function(fact)
    if fact.adjective and (fact.kind == "transfer" or fact.kind == "possession") then
      local weaker = facts.with(fact, {})
      weaker.adjective = nil
      return weaker
    end
  end,
  function(fact)
    if fact.noun and fact.kind ~= "quantity" then
      return facts.with(fact, { noun = lexicon.kind_of[fact.noun] })
    end
  end,
  function(fact)
    if fact.quantifier == "all" then return facts.with(fact, { quantifier = "some" }) end
  end,
}

local function applicable(list, ...)
  local found = {}
  for _, operation in ipairs(list) do
    found[#found + 1] = operation(...)
  end
  return found
end

--- A fact that follows from `fact`: itself or, with probability 1/2, a weaker one if there is one.
function operations.entailed(r, fact)
  local weaker = r:chance(0.5) and applicable(weakenings, fact) or {}
  return #weaker > 0 and r:choice(weaker) or fact
end

local function swapped(fact)
  return facts.with(fact, { a = fact.b, b = fact.a })
end

-- Facts that cannot be true together with the given one, by kind.
local exclusive = {
  transfer = function(_, fact) return swapped(fact) end,
  comparison = function(_, fact) return swapped(fact) end,
  location = function(r, fact)
    return facts.with(fact, { place = facts.value(r, fact, "place") })
  end,
  property = function(r, fact)
    local adjective
    repeat
      adjective = r:choice(lexicon.dimension_of[fact.adjective])
    until adjective ~= fact.adjective
    return facts.with(fact, { adjective = adjective })
  end,
  quantity = function(r, fact)
    local other = fact.quantifier == "no" and r:choice { "all", "some" } or "no"
    return facts.with(fact, { quantifier = other })
  end,
}

--- A fact that contradicts `fact`: its negation or, with probability 1/2, an exclusive one.
function operations.contradicted(r, fact)
  local exclude = exclusive[fact.kind]
  if exclude and (fact.kind == "quantity" or r:chance(0.5)) then return exclude(r, fact) end
  return facts.with(fact, { negated = true })
end

--- Another kind of fact about `person`, without the kind of noun that `fact` has.
function operations.other_kind(r, fact, person)
  local other ---@type table
  repeat
    other = facts.random(r, r:choice(facts.personal), person)
  until other.kind ~= fact.kind
    and not (fact.noun and other.noun and lexicon.kind_of[fact.noun] == lexicon.kind_of[other.noun])
  return other
end

local function other_dimension(r, fact)
  local adjective
  repeat
    adjective = facts.value(r, fact, "adjective")
  until lexicon.dimension_of[adjective] ~= lexicon.dimension_of[fact.adjective]
  return facts.with(fact, { adjective = adjective })
end

-- Facts that are independent of the given one; each function returns nil if it does not apply.
local unknowns = {
  function(r, fact)
    if fact.a then return facts.with(fact, { a = facts.other_person(r, fact) }) end
  end,
  function(r, fact)
    if (fact.kind == "transfer" or fact.kind == "possession") and not fact.adjective then
      return facts.with(fact, { adjective = facts.value(r, fact, "adjective") })
    end
  end,
  function(r, fact)
    if fact.a then return operations.other_kind(r, fact, fact.a) end
  end,
  function(_, fact)
    if fact.quantifier == "some" then return facts.with(fact, { quantifier = "all" }) end
  end,
  function(r, fact)
    if fact.kind == "quantity" or fact.kind == "property" then return other_dimension(r, fact) end
  end,
}

--- A fact that neither follows from `fact` nor contradicts it.
function operations.neutral(r, fact)
  return r:choice(applicable(unknowns, r, fact))
end

--- The ways to mutate `fact`: its filled slots (or those of `slots`) and, for two people, "people".
function operations.changes(fact, slots)
  local changes = {}
  for _, slot in ipairs(slots or facts.kinds[fact.kind].slots) do
    if fact[slot] then changes[#changes + 1] = slot end
  end
  if fact.b then changes[#changes + 1] = "people" end
  return changes
end

--- `fact` with one slot changed or its two people swapped, and the name of the change made;
--- `changes` limits the choice.
function operations.mutated(r, fact, changes)
  local change = r:choice(changes or operations.changes(fact))
  if change == "people" then return swapped(fact), change end
  return facts.with(fact, { [change] = facts.value(r, fact, change) }), change
end

return operations
