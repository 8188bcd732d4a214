--- Fine-tuning: a copy of the backbone for each task, or one model for all tasks.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

local micro = compt.backbone("micro", { dtype = "float32", device = "cpu" })

local function trainer(changes)
  local options = {
    backbone = micro, method = compt.methods.fine_tuning {}, steps = 2,
    tasks = compt.tasks("micro", { tasks = { "sentiment", "nli2" }, shots = 4, seed = 1, max_test = 4 }),
  }
  for key, value in pairs(changes or {}) do options[key] = value end
  return small.trainer(options)
end

local function weights(backbone)
  local copy = {}
  for name, tensor in pairs(backbone:parameters()) do copy[name] = tensor:detach():clone() end
  return copy
end

local function same(a, b)
  for name, tensor in pairs(a) do
    if not torch.equal(tensor, b[name]) then return false end
  end
  return true
end

return {
  ["each task trains its own copy, as a trainer of this task alone"] = function()
    local before = micro:embed({ { 5, 6, 1 } })
    local both = trainer()
    local start = weights(both:backbone_of "nli2")
    assert(both.total_steps == 4 and same(start, weights(both:backbone_of(1))))
    both:run { steps = 2 }
    assert(same(start, weights(both:backbone_of "nli2")), "the second task has not begun")
    both:run()
    local first, second = weights(both:backbone_of "sentiment"), weights(both:backbone_of "nli2")
    assert(not same(first, second) and not same(start, first) and not same(start, second))
    assert(torch.equal(before, micro:embed({ { 5, 6, 1 } })), "the backbone that was passed does not change")
    local alone = trainer { tasks = compt.tasks("micro", { tasks = { "sentiment" }, shots = 4, seed = 1, max_test = 4 }) }
    alone:run()
    assert(same(weights(alone.backbone), first))
    local found = both:evaluate "test"
    assert(found.counts.sentiment == 4 and found.counts.nli2 == 4)
    local expected = alone:evaluate("test", { decoding = "full" }).predictions.sentiment
    for i, row in ipairs(both:evaluate("test", { decoding = "full", tasks = { "sentiment" } }).predictions.sentiment) do
      assert(row.prediction == expected[i].prediction)
    end
  end,

  ["a checkpoint in the middle continues with the same losses"] = function()
    local whole = small.losses(trainer(), 4)
    local stopped = trainer()
    small.losses(stopped, 3)
    local path = os.tmpname()
    stopped:save(path)
    local resumed = trainer()
    resumed:load(path)
    small.same({ resumed:step().loss }, { whole[4] }, 0)
  end,

  ["shared: one model, told the task by its prefix"] = function()
    local shared = trainer { method = compt.methods.fine_tuning { shared = true } }
    assert(shared.total_steps == 2 and shared.tasks:rows("sentiment", "test")[1].source:find "^feeling ")
    shared:run()
    assert(same(weights(shared:backbone_of "nli2"), weights(shared:backbone_of "sentiment")))
    assert(trainer().tasks:rows("sentiment", "test")[1].source:find "^sentence ")
  end,

  ["what cannot be is refused"] = function()
    local trainable = compt.backbone("micro", { dtype = "float32", device = "cpu", trainable = true })
    small.refused("cannot share a trainable backbone", trainer, { backbone = trainable })
    trainer { backbone = trainable, method = compt.methods.fine_tuning { shared = true } }
    small.refused("'alone' and 'shared' exclude each other", compt.methods.fine_tuning, { alone = true, shared = true })
    small.refused("shared must be true or false", compt.methods.fine_tuning, { shared = 1 })
    local t = trainer()
    small.refused("it has no prompts to isolate", t.evaluate, t, "test", { only = "private" })
    small.refused("it has no prompts", t.prompt, t, 1)
    small.refused("did you mean 'nli2'?", t.backbone_of, t, "nli3")
  end,
}
