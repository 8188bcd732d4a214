--- The pre-training mixture of the micro backbone: batches of token ids, one in five for span
--- corruption of narratives, the others for the auxiliary skills.
local narrative = require "compt.micro.narrative"
local random = require "compt.micro.random"
local skills = require "compt.micro.skills"
local spans = require "compt.micro.spans"
local tokenizer = require "compt.micro.tokenizer"

local pretraining = {}
pretraining.__index = pretraining

--- Number of steps between batches for span corruption.
pretraining.span_period = 5

--- Batches cut from one pool that is sorted by length.
pretraining.pool_batches = { span = 3, labelled = 12 }

--- After this share of the run, fading skills have the share `faded` of their weight, and a share `options_rate` of the
--- classification examples list their label words.
pretraining.turning_point = 0.4
pretraining.faded = 0.6
pretraining.options_rate = 0.15

local function mixture(late)
  local list = {}
  for i, skill in ipairs(skills.list) do
    local factor = late and skill.fading and pretraining.faded or 1
    list[i] = { skill.name, skill.weight * factor }
  end
  return list
end

--- A source of batches. Options: `seed`, `total_steps`, `batch` (examples in a batch, default 32).
function pretraining.new(options)
  return setmetatable({
    r = random.new(options.seed, "pretraining"),
    total_steps = options.total_steps,
    size = options.batch or 32,
    waiting = { span = {}, labelled = {} },
    mixtures = { early = mixture(false), late = mixture(true) },
  }, pretraining)
end

local draw = {}

function draw.span(self)
  return spans.corrupt(self.r, tokenizer.encode(narrative.draw(self.r)))
end

function draw.labelled(self, late)
  local skill = self.r:weighted(late and self.mixtures.late or self.mixtures.early)
  local source, target = skills.draw(self.r, skill, late and pretraining.options_rate or 0)
  return tokenizer.encode(source), tokenizer.encode(target)
end

local function shorter(one, other)
  local length, other_length = #one.source, #other.source
  if length ~= other_length then return length < other_length end
  return one.place < other.place
end

local function cut(pool, first, last)
  local batch = { source = {}, target = {} }
  for i = first, last do
    table.insert(batch.source, pool[i].source)
    table.insert(batch.target, pool[i].target)
  end
  return batch
end

-- Batches of examples of similar length, in random order.
local function fill(self, kind, late)
  local pool, batches = {}, {}
  for place = 1, pretraining.pool_batches[kind] * self.size do
    local source, target = draw[kind](self, late)
    pool[place] = { source = source, target = target, place = place }
  end
  table.sort(pool, shorter)
  for first = 1, #pool, self.size do
    batches[#batches + 1] = cut(pool, first, first + self.size - 1)
  end
  return self.r:shuffle(batches)
end

--- The batch for `step` (from 1): `source` and `target`, lists of lists of ids, each ending with 1,
--- and `kind` ("span" or "labelled"). Batches are determined by the seed and the order of the calls.
---@param self table
function pretraining.batch(self, step)
  local kind = step % pretraining.span_period == 0 and "span" or "labelled"
  if #self.waiting[kind] == 0 then
    local late = step > pretraining.turning_point * self.total_steps
    self.waiting[kind] = fill(self, kind, late)
  end
  local batch = table.remove(self.waiting[kind])
  batch.kind = kind
  return batch
end

--- New examples of one skill, to measure progress: a list of `{ source, target }`
--- (texts). Options: `count`, `seed`, `options_rate` (default 0: the skill's own label words; 1:
--- label words always listed).
function pretraining.skill_examples(skill, options)
  local r = random.new(options.seed, "evaluate " .. skill)
  local examples = {}
  for i = 1, options.count do
    local source, target = skills.draw(r, skill, options.options_rate)
    examples[i] = { source, target }
  end
  return examples
end

return pretraining
