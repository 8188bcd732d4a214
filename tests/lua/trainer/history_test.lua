--- The numbers of a run by step, after training, saving and loading.
local compt = require "compt"
local small = require "tests.lua.small"

--- A trainer that evaluates and, if asked, records.
local function trainer(options)
  local given = { steps = 6, evaluate_every = 2, evaluate_limit = 4 }
  for key, value in pairs(options or {}) do given[key] = value end
  return small.trainer(given)
end

--- Both histories hold the same numbers.
local function same(a, b)
  small.same(a.steps:tolist(), b.steps:tolist(), 0)
  small.same(a.loss:tolist(), b.loss:tolist(), 0)
  small.same(a.lr.source:tolist(), b.lr.source:tolist(), 0)
  small.same(a.evaluated:tolist(), b.evaluated:tolist(), 0)
  small.same(a.average:tolist(), b.average:tolist(), 0)
  for task in pairs(b.scores) do small.same(a.scores[task]:tolist(), b.scores[task]:tolist(), 0) end
end

local function folder() return os.tmpname() .. "_run" end

return {
  ["a history has what each step reported"] = function()
    for _, out in ipairs { false, folder() } do
      local t, losses, rates, reported = trainer { out = out or nil }, {}, {}, {}
      assert(#t.history.steps:tolist() == 0 and tostring(t.history) == "history: no steps yet")
      for i = 1, 6 do
        local report = t:step()
        losses[i], rates[i] = report.loss, report.lr.router
        reported[i] = report.task_losses
      end
      local history = t.history
      assert(history.steps.dtype == "int64" and history.loss.dtype == "float64")
      small.same(history.steps:tolist(), { 1, 2, 3, 4, 5, 6 }, 0)
      small.same(history.loss:tolist(), losses, 0)
      small.same(history.lr.router:tolist(), rates, 0)
      for i, of_step in ipairs(reported) do
        for task, column in pairs(history.task_losses) do
          local x = column[i]:item()
          assert(of_step[task] == nil and x ~= x or x == of_step[task], task)
        end
      end
      assert(#history.grad_norm:tolist() == 6 and history.grad_norms.source and history.temperature)
      small.same(history.evaluated:tolist(), { 2, 4, 6 }, 0)
      assert(#history.average:tolist() == 3 and #history.scores.sentiment:tolist() == 3)
    end
  end,

  ["a run that takes up another one has that one's steps, whatever it recorded before"] = function()
    local other = trainer { out = folder() }
    other:run()
    for _, before in ipairs { 0, 1, 3 } do
      local t = trainer { out = folder() }
      if before > 0 then t:run { steps = before } end
      t:load(assert(other.out))
      same(t.history, other.history)
      t:run()
      same(t.history, other.history)
    end
  end,

  ["a loaded checkpoint has the steps before it"] = function()
    local whole = trainer()
    whole:run()
    local file = os.tmpname() .. ".safetensors"
    for _, out in ipairs { false, folder() } do
      local first = trainer { out = out or nil }
      first:run { steps = 3 }
      first:save(file)
      local second = trainer()
      second:load(file)
      small.same(second.history.steps:tolist(), { 1, 2, 3 }, 0)
      second:run()
      same(second.history, whole.history)
      -- And once more, from a checkpoint of it.
      second:save(file)
      local third = trainer { out = folder() }
      third:load(file)
      same(third.history, whole.history)
    end
  end,

  ["a loaded run has its steps, wherever it goes on"] = function()
    local whole = trainer()
    whole:run()
    local first = trainer { out = folder(), checkpoint_every = 3 }
    first:run { steps = 3 }
    for _, out in ipairs { false, folder() } do
      local second = trainer { out = out or nil, checkpoint_every = 1 }
      second:load(first.out)
      second:run { steps = 2 }
      small.same(second.history.steps:tolist(), { 1, 2, 3, 4, 5 }, 0)
      second:run()
      same(second.history, whole.history)
      if out then
        local run = compt.load_run(second.out)
        same(run.history, whole.history)
        local third = trainer()
        third:load(second.out)
        same(third.history, whole.history)
      end
    end
  end,

  ["a history whose record is gone says so"] = function()
    local first = trainer { out = folder(), checkpoint_every = 3 }
    first:run { steps = 3 }
    local second = trainer()
    second:load(first.out)
    assert(os.rename(first.out, first.out .. "-moved"))
    small.refused("the record of the steps ends with step 0, and 3 were made", function() return second.history end)
  end,

  ["rows are means over equal parts of the steps"] = function()
    local t = trainer()
    t:run()
    local history, all = t.history, t.history:table()
    local losses = history.loss:tolist()
    assert(#all == 6 and all[3].step == 3 and all[3].loss == losses[3] and all[3].average == nil)
    assert(all[4].average == history.average[2]:item() and all[4].scores.sentiment == history.scores.sentiment[2]:item())
    local rows = history:table(2)
    assert(#rows == 2 and rows[1].step == 3 and rows[2].step == 6)
    assert(math.abs(rows[1].loss - (losses[1] + losses[2] + losses[3]) / 3) < 1e-12)
    assert(rows[1].average == history.average[1]:item() and rows[2].average == history.average[3]:item())
    assert(rows[1].lr.router and rows[1].task_losses.sentiment)
    local text = tostring(history)
    assert(text:find "step +loss +temperature +lr.private +lr.router +lr.source +validation", text)
    local _, lines = text:gsub("\n", "")
    assert(lines == 6, text)
    small.refused("points", history.table, history, 0)
  end,

  ["settings and method are data"] = function()
    local t = trainer { batch_size = 3 }
    assert(t.config.batch_size == 3 and t.config.tasks.names[2] == "sentiment")
    assert(t.method.name == "ssum" and t.method.sources == 2 and t.config.method.length == 3)
    t.config.batch_size = 5
    assert(t.config.batch_size == 3, "it is a copy")
  end,
}
