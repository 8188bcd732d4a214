--- Prefixes of tasks: where they are put before the inputs, and that they are recorded.
local compt = require "compt"
local small = require "tests.lua.small"

local function first(trainer, task, split) return trainer.tasks:rows(task, split or "train")[1].source end

local function mood(more)
  local rows = { { text = "a", label = 0 }, { text = "b", label = 1 } }
  local task = { fields = { "text" }, labels = { "bad", "good" }, rows = { train = rows, validation = rows, test = rows } }
  for key, value in pairs(more or {}) do task[key] = value end
  return task
end

return {
  ["methods with nothing of their own per task tell the task, others do not"] = function()
    local plain = first(small.trainer(), "nli2")
    assert(plain:find "^sentence1 : ", plain)
    local m = compt.methods
    for _, method in ipairs { m.pt { alone = false }, m.spot { retrieve = "best" }, m.lora {}, m.attempt { shared = true } } do
      assert(first(small.trainer { method = method, steps = 12 }, "nli2") == plain, method.name)
    end
    local spot = small.trainer { method = m.spot { length = 2 } }
    assert(first(spot, "nli2") == "certain " .. plain and first(spot, "sentiment", "test"):find "^feeling sentence : ")
    assert(spot:evaluate("test", { limit = 1 }).predictions.nli2[1].source:find "^certain ")
    local off = small.trainer { method = m.spot { length = 2, prefix = false } }
    assert(first(off, "nli2") == plain)
  end,

  ["it is an option of every trainer"] = function()
    assert(first(small.trainer { prefix = true }, "similarity"):find "^likeness sentence1 : ")
    assert(first(small.trainer { method = compt.methods.ssum { length = 2, prefix = true } }, "nli2"):find "^certain ")
    assert(first(small.trainer { method = compt.methods.spot { length = 2 }, prefix = false }, "nli2"):find "^sentence1 ")
    local tasks = small.tasks()
    local told = small.trainer { prefix = true, tasks = tasks }
    assert(first({ tasks = tasks }, "nli2"):find "^sentence1 ", "the tasks of the script do not change")
    assert(first(told, "nli2"):find "^certain ")
    local stream = function() return { source = { "a" }, target = { "b" } } end
    small.refused("'prefix' is for tasks", compt.trainer,
      { backbone = small.backbone(), method = compt.methods.ssum {}, steps = 1, stream = stream, prefix = true })
    small.refused("must be true or false", small.trainer, { method = compt.methods.ssum { prefix = 1 } })
  end,

  ["a definition sets it, the default is the name"] = function()
    local function source(task)
      local tasks = compt.tasks { mood = task, other = mood() }
      return first(small.trainer { tasks = tasks, prefix = true, method = compt.methods.pt { length = 2, alone = false } }, "mood")
    end
    assert(source(mood()) == "mood text: a")
    assert(source(mood { shared_prefix = "how is" }) == "how is text: a")
    assert(source(mood { prefix = "always" }) == "always text: a")
    small.refused("the tasks 'mood' and 'other' have the same prefix 'other'", source, mood { shared_prefix = "other" })
    small.refused("'shared_prefix' is for tasks without 'prefix'", compt.tasks,
      { mood = mood { prefix = "a", shared_prefix = "b" } })
    small.refused("'shared_prefix' is empty", compt.tasks, { mood = mood { shared_prefix = " " } })
  end,

  ["GLUE's tasks have T5's prefixes"] = function()
    local tasks = compt.tasks("glue", { data = "tests/fixtures/rows", shots = 2 })
    local told = small.trainer { tasks = tasks, prefix = true, method = compt.methods.pt { length = 2, alone = false } }
    for _, name in ipairs { "mnli", "qnli", "qqp", "rte", "sst2", "mrpc", "cola", "stsb" } do
      assert(first(told, name):find("^" .. name .. " %a+%d?: "), first(told, name))
    end
  end,
}
