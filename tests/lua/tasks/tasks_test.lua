local compt = require "compt"

local DATA = "tests/fixtures/rows"

local function fails(expected, ...)
  local ok, message = pcall(compt.tasks, ...)
  assert(not ok, "no error; wanted: " .. expected)
  assert(tostring(message):find(expected, 1, true), tostring(message))
end

local function mood(changes)
  local task = {
    fields = { "text" },
    labels = { "negative", "positive" },
    rows = {
      train = { { text = "good  day", label = 1 }, { text = "bad day", label = "negative" } },
      test = { { text = "fine", label = 1 } },
    },
  }
  for key, value in pairs(changes or {}) do task[key] = value end
  return { mood = task }
end

return {
  ["the eight GLUE tasks are read"] = function()
    local tasks = compt.tasks("glue", { data = DATA, shots = 16, seed = 1 })
    assert(#tasks == 8 and tasks.name == "glue" and tasks.shots == 16 and tasks.per == "task")
    assert(table.concat(tasks.names, " ") == "mnli qnli qqp rte sst2 mrpc cola stsb")
    for _, name in ipairs(tasks.names) do assert(tasks:size(name, "train") == 16) end
    assert(tasks:size("rte", "validation") == 12 and tasks:size("rte", "test") == 12)
    assert(tasks:size("mnli", "validation") == 40 and tasks:size(1, "test") == 24)
    local row = tasks:rows("mnli", "train")[1]
    assert(row.source:find "^premise: .+ hypothesis: .+", row.source)
    assert(row.target == "entailment" or row.target == "neutral" or row.target == "contradiction")
    assert(tasks:rows("stsb", "test")[1].target:find "^%d%.%d$")
  end,

  ["the lengths of the inputs are counted with a tokenizer"] = function()
    local tokenizer = compt.tokenizer "tests/golden/tokenizer"
    local tasks = compt.tasks("rte", { data = DATA, tokenizer = tokenizer, max_source_length = 40 })
    local lengths, over = {}, 0
    for _, split in ipairs { "train", "validation", "test" } do
      for _, row in ipairs(tasks:rows("rte", split)) do
        lengths[#lengths + 1] = #tokenizer:encode(row.source)
        if lengths[#lengths] > 40 then over = over + 1 end
      end
    end
    table.sort(lengths)
    local found = tasks.lengths.rte
    assert(found.median == lengths[math.ceil(#lengths / 2)], found.median)
    assert(found.p95 == lengths[math.ceil(#lengths * 0.95)], found.p95)
    assert(found.longest == lengths[#lengths])
    assert(found.cut == over / #lengths and over > 0, found.cut)
    assert(tostring(tasks):find("tokens: median", 1, true))
    assert(tostring(tasks):find(("%.1f %%"):format(100 * found.cut), 1, true))
    assert(compt.tasks("rte", { data = DATA }).lengths == nil)
  end,

  ["the six SET2 tasks are read"] = function()
    local tasks = compt.tasks("set2", { data = DATA, shots = 8, per = "class", seed = 1 })
    assert(table.concat(tasks.names, " ") == "multinli scitail imdb yelp_polarity paws mrpc")
    assert(tasks:size("multinli", "train") == 24 and tasks:size("imdb", "train") == 16)
  end,

  ["one task, or some of a set"] = function()
    local one = compt.tasks("scitail", { data = DATA })
    assert(#one == 1 and one.names[1] == "scitail" and one.shots == nil)
    local some = compt.tasks("glue", { data = DATA, tasks = { "mrpc", "rte" } })
    assert(table.concat(some.names, " ") == "mrpc rte")
  end,

  ["rows of a task depend only on the seeds and its name, its splits not on the seed of the shots"] = function()
    local function text(tasks, split)
      local sources = {}
      for i, row in ipairs(tasks:rows("rte", split)) do sources[i] = row.source end
      return table.concat(sources, "|")
    end
    local alone = compt.tasks("rte", { data = DATA, shots = 8, seed = 3 })
    local among = compt.tasks("glue", { data = DATA, shots = 8, seed = 3 })
    local other = compt.tasks("rte", { data = DATA, shots = 8, seed = 4 })
    local halved = compt.tasks("rte", { data = DATA, shots = 8, seed = 3, split_seed = 1 })
    for _, split in ipairs { "train", "validation", "test" } do
      assert(text(alone, split) == text(among, split), split)
      assert((text(alone, split) ~= text(other, split)) == (split == "train"), split)
      assert((text(alone, split) ~= text(halved, split)) == (split ~= "train"), split)
    end
    assert(alone.split_seed == 0 and halved.split_seed == 1 and halved.parts[1].split_seed == 1)
    assert(tostring(halved):find("seed 3, split seed 1", 1, true) and not tostring(alone):find "split seed"
      , tostring(halved))
    for _, name in ipairs { "similarity", "acceptability" } do
      local one = compt.tasks("micro", { tasks = { name }, seed = 1 }):rows(name, "validation")
      local two = compt.tasks("micro", { tasks = { name }, seed = 2 }):rows(name, "validation")
      for i, row in ipairs(one) do assert(row.source == two[i].source) end
    end
  end,

  ["sizes and rounding are options"] = function()
    local tasks = compt.tasks("glue", {
      data = DATA, tasks = { "sst2", "stsb" }, max_test = 5, validation_size = 7, stsb_rounding = 1,
    })
    assert(tasks:size("sst2", "test") == 5 and tasks:size("sst2", "validation") == 7)
    assert(tasks:size("sst2", "train") == 73)
    for _, row in ipairs(tasks:rows("stsb", "train")) do assert(row.target:find "%.0$") end
  end,

  ["rows and templates in Lua are used"] = function()
    local tasks = compt.tasks(mood { prefix = "mood" })
    assert(tasks:rows("mood", "train")[1].source == "mood text: good day")
    assert(tasks:rows("mood", "train")[2].target == "negative")
    assert(tasks:size("mood", "validation") == 0)
    tasks = compt.tasks(mood { template = "({text})" })
    assert(tasks:rows(1, "test")[1].source == "(fine)")
    tasks = compt.tasks(mood { template = function(row) return row.text:upper() .. row.label end })
    assert(tasks:rows(1, "test")[1].source == "FINE1")
    tasks = compt.tasks(mood { fields = { "review" }, columns = { review = "text" } })
    assert(tasks:rows(1, "test")[1].source == "review: fine")
  end,

  ["files are relative to the folder of the script"] = function()
    local task = {
      fields = { "text" }, labels = { "negative", "positive" },
      files = { train = "reviews.tsv", test = "reviews.csv" },
    }
    local tasks = compt.tasks({ reviews = task }, { validation_size = 0 })
    assert(tasks:rows("reviews", "test")[1].source == 'text: "quoted", and more')
    assert(tasks:rows("reviews", "train")[1].source == 'text: a "fine" film')
  end,

  ["a task set prints its rows and label balance"] = function()
    local text = tostring(compt.tasks(mood()))
    assert(text:find "mood" and text:find("negative 1, positive 1", 1, true), text)
  end,

  ["errors of unknown names suggest the nearest name"] = function()
    fails("did you mean 'glue'?", "gleu", { data = DATA })
    fails("did you mean 'mrpc'?", "mrcp", { data = DATA })
    fails("did you mean 'rte'?", "glue", { data = DATA, tasks = { "rtee" } })
    fails("did you mean 'shots'?", "glue", { data = DATA, shot = 3 })
    fails("unknown unit of shots 'label'", "glue", { data = DATA, per = "label" })
    fails("did you mean 'accuracy'?", mood { metrics = { "acuracy" } })
    fails("did you mean 'labels'?", { mood = { fields = { "text" }, labels = { "a", "b" }, label = 1,
      rows = { train = { { text = "x", label = 0 } }, test = { { text = "x", label = 0 } } } } })
    local tasks = compt.tasks(mood())
    local ok, message = pcall(tasks.size, tasks, "mood", "tset")
    assert(not ok and tostring(message):find("did you mean 'test'?", 1, true), message)
    ok, message = pcall(tasks.size, tasks, 0, "test")
    assert(not ok and tostring(message):find("Lua counts from 1", 1, true), message)
  end,

  ["errors of rows name task, file, line and field"] = function()
    local bad = { train = { { text = "x", label = 0 } }, test = { { text = "x", label = 7 } } }
    fails("compt.tasks: mood: rows.test: row 1: label 7 is outside the label set", mood { rows = bad })
    fails("mood: rows.train: row 1: no field 'txt'", mood { fields = { "txt" } })
    fails("mood: rows.test is empty", mood { rows = { train = bad.train, test = {} } })
    fails("bad.tsv: line 3: label \"9\" is outside the label set",
      { t = { fields = { "text" }, labels = { "no", "yes" }, files = { train = "bad.tsv", test = "bad.tsv" } } })
    fails("truncated.jsonl.gz: line 1: the compressed file ends too early",
      { t = { fields = { "text" }, labels = { "no", "yes" }, files = { train = "truncated.jsonl.gz" } } })
    fails("tests/golden/rte/train.jsonl.gz: No such file", "rte", { data = "tests/golden" })
    fails("data: tests/fixtures/rows/nothing: there is no such folder",
      "rte", { data = DATA .. "/nothing" })
    fails("task 'rte' occurs twice", "glue", { data = DATA, tasks = { "rte", "rte" } })
    fails("mood: 3 shots were requested, but there are 2 training rows", mood(), { shots = 3 })
    fails("1 training rows of class 'negative'", mood(), { shots = 2, per = "class" })
    fails("with 0 shots there are no training rows", mood(), { shots = 0 })
    fails("'shots' must be a whole number, got -1", mood(), { shots = -1 })
    fails("with 'max_test' 0 there are no", mood(), { max_test = 0 })
  end,

  ["incomplete definitions and unknown keys are refused"] = function()
    fails("'labels' is missing", { t = { fields = { "a" }, rows = { train = {} } } })
    fails("exactly one of 'files' and 'rows'", { t = { fields = { "a" }, labels = "number" } })
    fails("'template' is missing", { t = { labels = "number", rows = { train = {} } } })
    fails("no rows to evaluate on", mood { rows = { train = { { text = "x", label = 0 } } } })
    fails("template: ", mood { template = function(row) return row.txt .. "" end })
    fails("task 'mood': rows: unknown option 'dev'",
      mood { rows = { train = { { text = "x", label = 0 } }, dev = {} } })
    fails("option 'fields' must be a list, got a string", mood { fields = "text" })
    fails("every task needs a name", { { fields = { "text" } } })
    fails("at least one task", {})
    fails("expected a name or a table of tasks", 3)
  end,
}
