local compt = require "compt"

local DATA = "tests/fixtures/rows"

local function fails(expected, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok, "no error; wanted: " .. expected)
  assert(tostring(message):find(expected, 1, true), tostring(message))
end

local function names(tasks) return table.concat(tasks.names, " ") end

local function text(tasks, task, split)
  local sources = {}
  for i, row in ipairs(tasks:rows(task, split)) do sources[i] = row.source end
  return table.concat(sources, "|")
end

local function mood()
  local rows = { { text = "good day", label = 1 }, { text = "bad day", label = 0 } }
  return { fields = { "text" }, labels = { "negative", "positive" }, rows = { train = rows, test = rows } }
end

return {
  ["tasks of several sets are named in one list"] = function()
    local tasks = compt.tasks({ "rte", "mrpc", "scitail", "nli3" }, { data = DATA, shots = 4, seed = 2 })
    assert(names(tasks) == "rte mrpc scitail nli3" and tasks.name == "rte+mrpc+scitail+nli3")
    assert(tasks.shots == 4 and tasks.seed == 2 and #tasks.parts == 1)
    local alone = compt.tasks("scitail", { data = DATA, shots = 4, seed = 2 })
    for _, split in ipairs { "train", "validation", "test" } do
      assert(text(tasks, "scitail", split) == text(alone, "scitail", split), split)
    end
  end,

  ["whole sets and definitions mix with them"] = function()
    local tasks = compt.tasks({ "set2", "rte", mood = mood() }, { data = DATA, shots = 2 })
    assert(names(tasks) == "multinli scitail imdb yelp_polarity paws mrpc rte mood")
    assert(tasks.name == "set2+rte+custom" and tasks:size("mood", "test") == 2)
    local some = compt.tasks({ "glue", "set2" }, { data = DATA, tasks = { "scitail", "glue.rte" } })
    assert(names(some) == "scitail rte")
  end,

  ["a task that two sets share is taken once"] = function()
    local tasks = compt.tasks({ "glue", "set2" }, { data = DATA, shots = 2 })
    assert(#tasks == 13 and names(tasks):find "mrpc.*scitail")
    assert(#compt.tasks({ "set2", "mrpc" }, { data = DATA, shots = 2 }) == 6)
    assert(names(compt.tasks("mrpc", { data = DATA })) == "mrpc")
    assert(#compt.tasks({ "micro", "micro_set2" }, { shots = 2, max_test = 2 }) == 13)
    fails("task 'rte' occurs twice", compt.tasks, { "rte", "rte" }, { data = DATA })
  end,

  ["an ambiguous task name is an error"] = function()
    fails("'qnli' is a task of glue and another one of micro", compt.tasks, "qnli", { data = DATA })
    fails('specify one: "glue.qnli" or "micro.qnli"', compt.tasks, { "rte", "qnli" }, { data = DATA })
    local glue = compt.tasks("glue.qnli", { data = DATA, shots = 2 })
    local micro = compt.tasks({ "micro.qnli" }, { shots = 2 })
    assert(names(glue) == "qnli" and names(micro) == "qnli")
    assert(text(glue, 1, "test") ~= text(micro, 1, "test"))
    fails("task 'qnli' occurs twice: as one of 'glue' and as one of 'micro'",
      compt.tasks, { "glue.qnli", "micro" }, { data = DATA })
    fails("task 'rte' occurs twice: as one of 'glue' and as a definition",
      compt.tasks, { "glue", rte = mood() }, { data = DATA })
    fails("unknown task of 'glue' 'rtee'", compt.tasks, "glue.rtee", { data = DATA })
  end,

  ["the error of an unknown task names the set that has it"] = function()
    fails("'imdb' is a task of set2", compt.tasks, "glue", { data = DATA, tasks = { "imdb" } })
    fails('compt.tasks({ "glue", "set2.imdb" })', compt.tasks, "glue", { data = DATA, tasks = { "imdb" } })
    fails("'rte' is a task of glue", compt.tasks, { mood = mood() }, { tasks = { "rte" } })
    fails("'nli3' is a task of micro", compt.tasks, { "rte" }, { data = DATA, tasks = { "nli3" } })
    fails("did you mean 'rte'?", compt.tasks, "glue", { data = DATA, tasks = { "rtee" } })
    fails("did you mean 'scitail'?", compt.tasks, { "rte", "scitial" }, { data = DATA })
  end,

  ["list entries that are not names are refused"] = function()
    fails("entry 2 is a number", compt.tasks, { "rte", 3 }, { data = DATA })
    fails("every task needs a name", compt.tasks, { mood() })
    fails("task 'mood' must be a table, got a string", compt.tasks, { mood = "text" })
    local tasks = compt.tasks("micro", { shots = 2, tasks = { "nli3" } })
    fails("a + b", compt.tasks, { tasks, "rte" }, { data = DATA })
  end,

  ["added sets keep their draws"] = function()
    local a = compt.tasks({ "rte" }, { data = DATA, shots = 4, seed = 1 })
    local b = compt.tasks("micro", { shots = 2, per = "class", seed = 7, tasks = { "nli3", "nli2" } })
    local both = a + b
    assert(names(both) == "rte nli3 nli2" and #both == 3 and both.name == "rte+micro")
    assert(names(a) == "rte" and names(b) == "nli3 nli2")
    for _, split in ipairs { "train", "validation", "test" } do
      assert(text(both, "rte", split) == text(a, "rte", split))
      assert(text(both, "nli2", split) == text(b, "nli2", split))
    end
    assert(both.shots == nil and both.per == nil and both.seed == nil)
    local first, second = both.parts[1], both.parts[2]
    assert(first.name == "rte" and first.shots == 4 and first.per == "task" and first.seed == 1)
    assert(second.shots == 2 and second.per == "class" and second.seed == 7)
    assert(table.concat(second.names, " ") == "nli3 nli2" and #(both + compt.tasks({ mood = mood() })).parts == 3)
    local shown = tostring(both)
    assert(shown:find("tasks 'rte': 4 shots per task, seed 1", 1, true), shown)
    assert(shown:find("tasks 'micro': 2 shots per class, seed 7", 1, true), shown)
    local alike = a + compt.tasks({ "mrpc" }, { data = DATA, shots = 4, seed = 1 })
    assert(alike.shots == 4 and alike.per == "task" and alike.seed == 1)
  end,

  ["sets with the same task cannot be added"] = function()
    local a = compt.tasks("glue", { data = DATA, shots = 2, seed = 1, tasks = { "rte", "mrpc" } })
    local b = compt.tasks("set2", { data = DATA, shots = 2, seed = 2 })
    fails("task 'mrpc' is in both 'glue' and 'set2'", function() return a + b end)
    fails("tasks are added to tasks, not to a string", function() return a + "rte" end)
    fails("tasks are added to tasks, not to a number", function() return 1 + a end)
  end,

  ["added sets keep their lengths"] = function()
    local tokenizer = compt.tokenizer "tests/golden/tokenizer"
    local a = compt.tasks("rte", { data = DATA, tokenizer = tokenizer })
    local both = a + compt.tasks({ mood = mood() })
    assert(both.lengths.rte.median == a.lengths.rte.median and both.lengths.mood == nil)
    assert(tostring(both):find("tokens: median", 1, true))
  end,
}
