--- The micro tasks: fields, label words and metrics of the tasks they imitate, and rows from the generator.
---
--- A row is a table of its fields and `label`. Whether a row belongs to the test side is decided
--- by a hash of its text, so training and test rows never overlap, for any seeds and counts.
local judgements = require "compt.micro.judgements"
local random = require "compt.micro.random"
local second_judgements = require "compt.micro.second_judgements"

local tasks = {}

tasks.names = {
  "nli3", "nli2", "qnli", "paraphrase", "dupq", "acceptability", "sentiment", "similarity",
}

--- The second group, in the order of the paper's SET2: multinli, scitail, imdb, yelp_polarity, paws, mrpc.
tasks.second_names = { "claims3", "claims2", "reviews", "ratings", "restated", "paraphrase" }

local accuracy, correlation = { "accuracy" }, { "spearman", "pearson" }

--- name -> judgement, prefix (a word of the vocabulary that names the task), fields, labels (or "number"), metrics.
tasks.definitions = {
  nli3 = {
    judgement = judgements.entailment3,
    prefix = "follow",
    fields = { "premise", "hypothesis" },
    labels = { "entailment", "neutral", "contradiction" },
    metrics = accuracy,
  },
  nli2 = {
    judgement = judgements.entailment2,
    prefix = "certain",
    fields = { "sentence1", "sentence2" },
    labels = { "entailment", "not_entailment" },
    metrics = accuracy,
  },
  qnli = {
    judgement = judgements.answer,
    prefix = "answered",
    fields = { "question", "sentence" },
    labels = { "entailment", "not_entailment" },
    metrics = accuracy,
  },
  paraphrase = {
    judgement = judgements.same,
    prefix = "same",
    fields = { "sentence1", "sentence2" },
    labels = { "equivalent", "not_equivalent" },
    metrics = accuracy,
  },
  dupq = {
    judgement = judgements.same_question,
    prefix = "asked",
    fields = { "question1", "question2" },
    labels = { "duplicate", "not_duplicate" },
    metrics = accuracy,
  },
  acceptability = {
    judgement = judgements.grammar,
    prefix = "english",
    fields = { "sentence" },
    labels = { "acceptable", "unacceptable" },
    metrics = accuracy,
  },
  sentiment = {
    judgement = judgements.feeling,
    prefix = "feeling",
    fields = { "sentence" },
    labels = { "positive", "negative" },
    metrics = accuracy,
  },
  similarity = {
    judgement = judgements.likeness,
    prefix = "likeness",
    fields = { "sentence1", "sentence2" },
    labels = "number",
    metrics = correlation,
  },
  claims3 = {
    judgement = second_judgements.text_entailment3,
    prefix = "judge",
    fields = { "text", "claim" },
    labels = { "entailment", "neutral", "contradiction" },
    metrics = accuracy,
  },
  claims2 = {
    judgement = second_judgements.support,
    prefix = "sure",
    fields = { "first", "second" },
    labels = { "entailment", "neutral" },
    metrics = accuracy,
  },
  reviews = {
    judgement = second_judgements.review,
    prefix = "liked",
    fields = { "text" },
    labels = { "positive", "negative" },
    metrics = accuracy,
  },
  ratings = {
    judgement = second_judgements.rating,
    prefix = "view",
    fields = { "text" },
    labels = { "positive", "negative" },
    metrics = accuracy,
  },
  restated = {
    judgement = second_judgements.restated,
    prefix = "meaning",
    fields = { "one", "two" },
    labels = { "equivalent", "not_equivalent" },
    metrics = accuracy,
  },
}

--- All tasks. Paraphrase is in both groups, as MRPC is.
tasks.all_names = { table.unpack(tasks.names) }
for _, name in ipairs(tasks.second_names) do
  if name ~= "paraphrase" then table.insert(tasks.all_names, name) end
end

--- Number of rejected draws in a row after which there are no more new rows.
local patience = 10000

--- The seed of all test sets.
local test_seed = 20250701

local function definition(name)
  local found = tasks.definitions[name]
  if not found then
    local known = table.concat(tasks.all_names, ", ")
    error(("no micro task '%s'; known: %s"):format(tostring(name), known), 3)
  end
  return found
end

--- The same as a template.
function tasks.template(name)
  local parts = {}
  for _, field in ipairs(definition(name).fields) do
    parts[#parts + 1] = ("%s : {%s}"):format(field, field)
  end
  return table.concat(parts, " ")
end

--- The input text of a row: `field : sentence field : sentence`.
function tasks.source(name, row)
  local parts = {}
  for _, field in ipairs(definition(name).fields) do
    parts[#parts + 1] = field .. " : " .. row[field]
  end
  return table.concat(parts, " ")
end

local function is_test(source)
  return random.hash(source) >> 61 == 0
end

-- A label word, or for numbers the class itself.
local function label_of(task, class)
  return task.labels == "number" and task.judgement.classes[class] or task.labels[class]
end

local function draw_row(r, task, class)
  local sentences = { task.judgement.draw(r, task.judgement.classes[class]) }
  local row = { label = label_of(task, class) }
  for i, field in ipairs(task.fields) do row[field] = sentences[i] end
  return row
end

local function fresh_row(r, name, task, class, refused)
  for _ = 1, patience do
    local row = draw_row(r, task, class)
    local source = tasks.source(name, row)
    if not refused(source) then return row, source end
  end
  error("the micro world has no more new rows of " .. name, 3)
end

local function balanced(r, name, count, refuse)
  local task = definition(name)
  local classes = #task.judgement.classes
  local order = {}
  for class = 1, classes do order[class] = class end
  r:shuffle(order)
  local rows, seen = {}, {}
  local function refused(source) return seen[source] or refuse(source) end
  for i = 1, count do
    local row, source = fresh_row(r, name, task, order[(i - 1) % classes + 1], refused)
    rows[i], seen[source] = row, true
  end
  return r:shuffle(rows)
end

--- `count` rows for training or validation, with balanced classes, without duplicates, rows of test sets, and rows whose
--- source text is a key of `exclude`. The rows are determined by `seed`.
function tasks.rows(name, options)
  local exclude = options.exclude or {}
  local r = random.new(options.seed, name)
  return balanced(r, name, options.count, function(source)
    return exclude[source] or is_test(source)
  end)
end

--- `count` (default 100) test rows, always the same ones.
function tasks.test_rows(name, count)
  local r = random.new(test_seed, name)
  return balanced(r, name, count or 100, function(source) return not is_test(source) end)
end

return tasks
