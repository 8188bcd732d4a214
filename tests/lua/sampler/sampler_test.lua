--- Samplers over rows: what they see, which rows they choose, what is refused, and that a resumed run goes on with the
--- same rows.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

local function ones(rows)
  local weights = {}
  for i in ipairs(rows) do weights[i] = 1 end
  return weights
end

--- A sampler that draws this row only.
local function only(task, index)
  return function(rows)
    local weights = {}
    for i, row in ipairs(rows) do weights[i] = row.task == task and row.index == index and 1 or 0 end
    return weights
  end
end

local function by(key, falling)
  return function(rows)
    local order = {}
    for i in ipairs(rows) do order[i] = i end
    table.sort(order, function(a, b)
      local x, y = rows[a][key], rows[b][key]
      if x == y then return a < b end
      return (x < y) ~= (falling or false)
    end)
    return order
  end
end

--- Weights by the latest losses.
local by_loss = {
  losses = true, every = 2,
  weights = function(rows)
    local weights = {}
    for i, row in ipairs(rows) do weights[i] = row.loss or 5 end
    return weights
  end,
}

local function scratch(body)
  local path = os.tmpname()
  local ok, message = pcall(body, path)
  os.remove(path)
  if not ok then error(message, 0) end
end

--- Every tensor of a checkpoint.
local function tensors(trainer)
  local found
  scratch(function(path)
    trainer:save(path)
    found = torch.load(path)
  end)
  return found
end

local function same_tensors(a, b, what)
  local count = 0
  for name, tensor in pairs(a) do
    assert(b[name] and torch.equal(tensor, b[name]), what .. ": " .. name .. " differs")
    count = count + 1
  end
  assert(count > 5)
end

return {
  ["a sampler sees the rows and where the training is"] = function()
    local seen = {}
    local t = small.trainer {
      steps = 12, batch_size = 4,
      sampler = {
        losses = true, every = 3,
        weights = function(rows, context)
          seen[#seen + 1] = { rows = rows, step = context.step, epoch = context.epoch, progress = context.progress }
          assert(#rows == 24 and #context.tasks == 3 and context.task_sizes.sentiment == 8)
          assert(context.tasks[2] == "sentiment" and context.stage == "" and context.total_steps == 12)
          local row = rows[9]
          assert(row.task == "sentiment" and row.index == 1)
          assert(row.tokens == #small.backbone().tokenizer:encode(row.source))
          assert(row.target_tokens == #small.backbone().tokenizer:encode(row.target))
          small.refused("a row has no field 'lenght'", function() return row.lenght end)
          small.refused("the context has no field 'stpe'", function() return context.stpe end)
          small.refused("there is no option 'x'", function() return context.options.x end)
          return ones(rows)
        end,
      },
    }
    -- At the trainer's call: the first step twice, and the last.
    assert(#seen == 3 and seen[1].step == 1 and seen[2].step == 1 and seen[3].step == 12)
    assert(seen[1].rows[1].loss == nil and seen[3].rows[1].loss == 1)
    seen = {}
    local report = t:step()
    assert(#seen == 1 and seen[1].rows[1].loss == nil)
    small.losses(t, 11)
    local steps = {}
    for i, of in ipairs(seen) do steps[i] = ("%d/%d"):format(of.step, of.epoch) end
    assert(table.concat(steps, " ") == "1/1 4/1 7/2 10/2", table.concat(steps, " "))
    assert(seen[3].progress == 0.5)
    local count, sum = 0, 0
    for _, row in ipairs(seen[2].rows) do
      if row.loss then count, sum = count + 1, sum + row.loss end
    end
    assert(count >= 5 and count <= 12 and sum > 0, count)
    assert(report.loss > 0)
  end,

  ["the loss of a row is that of its last batch"] = function()
    local seen
    local t = small.trainer {
      steps = 4, batch_size = 1,
      sampler = {
        losses = true, every = 1,
        weights = function(rows)
          seen = {}
          for i, row in ipairs(rows) do seen[i] = row.loss or false end
          return only("sentiment", 3)(rows)
        end,
      },
    }
    local first, second = t:step().task_losses.sentiment, t:step().task_losses.sentiment
    t:step()
    assert(first ~= second)
    for i, loss in ipairs(seen) do
      if i == 11 then assert(math.abs(loss - second) < 1e-6, loss) else assert(loss == false) end
    end
  end,

  ["weights and orders decide the rows"] = function()
    -- Weights of one row: every batch consists of it.
    local row = { text = "mia likes the song .", label = "good" }
    local others = { row, { text = "a dog .", label = "bad" }, { text = "bob hates the film .", label = "bad" } }
    local function set(rows)
      return compt.tasks({ mood = { fields = { "text" }, labels = { "good", "bad" }, rows = { train = rows, test = rows } } }, {})
    end
    local function losses(rows, more)
      local options = { tasks = set(rows), steps = 5, batch_size = 2, seed = 4 }
      for key, value in pairs(more or {}) do options[key] = value end
      return small.losses(small.trainer(options), 5)
    end
    small.same(losses(others, { sampler = { weights = only("mood", 1) } }), losses({ row, row }), 1e-6)
    -- An order: the tasks of the batches, epoch by epoch, with the rest of an epoch in a smaller batch.
    local t = small.trainer { steps = 10, batch_size = 5, sampler = { order = by "task" } }
    local counts = {}
    for i = 1, 10 do
      local tasks, text = t:step().tasks, {}
      for name, count in sorted_pairs(tasks) do text[#text + 1] = count .. name end
      counts[i] = table.concat(text, "+")
    end
    local epoch = "5nli2 3nli2+2sentiment 5sentiment 1sentiment+4similarity 4similarity"
    local found = table.concat(counts, " ")
    assert(found == epoch .. " " .. epoch, found)
    -- With accumulation a step has the batches one after another, and an epoch ends with a step.
    local a = small.trainer { steps = 4, batch_size = 5, accumulate = 3, sampler = { order = by "task" } }
    assert(a:step().tasks.sentiment == 7 and a:step().tasks.similarity == 8 and a:step().tasks.nli2 == 8)
    -- A tensor, and a function alone, are weights, too.
    local same = small.trainer { sampler = function(rows) return torch.ones(#rows) end }
    small.same(small.losses(same, 3), small.losses(small.trainer { sampler = { weights = ones } }, 3), 0)
    -- The draws depend on the seed only.
    local one, two = small.trainer { sampler = ones }, small.trainer { sampler = ones, seed = 9 }
    assert(one:step().loss ~= two:step().loss)
  end,

  ["a run resumed at any step is bit-identical"] = function()
    math.randomseed(11)
    local function kinds()
      return {
        weights = { sampler = by_loss },
        order = { sampler = { order = by("tokens", true) }, batch_size = 5 },
        hard = { sampler = { kind = "hard", every = 3 }, accumulate = 2, evaluate_every = 4, evaluate_limit = 2 },
        short = { sampler = "short_first", backbone = small.backbone { dropout_rate = 0.2 } },
        mixed = { sampler = { temperature = 3 }, non_finite = "rollback" },
        alone = { sampler = "hard", method = compt.methods.pt { length = 2 }, steps = 4 },
        staged = { sampler = by_loss, method = compt.methods.mpt { length = 2 }, steps = 12 },
        spot = { sampler = "hard", method = compt.methods.spot { length = 2, from = small.tasks { tasks = { "nli3" } } } },
      }
    end
    for kind in sorted_pairs(kinds()) do
      local function make()
        local options = kinds()[kind]
        options.steps = options.steps or 12
        return small.trainer(options)
      end
      local whole = make()
      local steps = whole.total_steps
      local losses = small.losses(whole, steps)
      local wanted = tensors(whole)
      for _ = 1, tonumber(os.getenv "COMPT_STOPS") or 3 do
        local stop = math.random(0, steps - 1)
        local first, second = make(), make()
        small.losses(first, stop)
        scratch(function(path)
          first:save(path)
          second:load(path)
        end)
        small.same(small.losses(second, steps - stop), table.move(losses, stop + 1, steps, 1, {}), 0)
        same_tensors(wanted, tensors(second), kind)
      end
    end
    scratch(function(path)
      local t = small.trainer { sampler = "hard" }
      t:step()
      t:save(path)
      local other = small.trainer {}
      small.refused("it was made with 'sampler', and this trainer is without one", other.load, other, path)
      local mixed = small.trainer { sampler = { temperature = 2 } }
      small.refused("it was made with another sampler, or with other rows", mixed.load, mixed, path)
    end)
  end,

  ["gradients leave the rows and losses as they are"] = function()
    local function losses(looks)
      local t, found = small.trainer { sampler = by_loss }, {}
      for i = 1, 6 do
        local loss = looks and t:gradients()
        found[i] = t:step().loss
        assert(not looks or math.abs(loss - found[i]) < 1e-6)
      end
      return found
    end
    small.same(losses(true), losses(false), 0)
  end,

  ["each stage and each task that is trained alone has its own rows"] = function()
    local seen = {}
    local function note(rows, context)
      seen[#seen + 1] = ("%s: %d of %s"):format(context.stage, #rows, table.concat(context.tasks, "+"))
      return ones(rows)
    end
    small.trainer { sampler = note, method = compt.methods.pt { length = 2 }, steps = 2 }
    assert(seen[1] == "nli2: 8 of nli2" and seen[4] == "sentiment: 8 of sentiment", seen[1])
    seen = {}
    local from = small.tasks { tasks = { "nli3" }, shots = 4 }
    local t = small.trainer { sampler = note, method = compt.methods.spot { length = 2, from = from } }
    assert(seen[1]:find "4 of nli3", seen[1])
    assert(seen[#seen]:find "8 of", seen[#seen])
    t:run()
  end,

  ["wrong answers are refused with the line of the sampler"] = function()
    local function refused(text, sampler) small.refused(text, small.trainer, { sampler = sampler }) end
    local here = "compt.trainer: sampler 'function' (tests/lua/sampler/sampler_test.lua:"
    local function weights(change)
      return function(rows) return change(ones(rows)) or error "no weights" end
    end
    local function put(row, value)
      return weights(function(list)
        list[row] = value
        return list
      end)
    end
    refused(here, put(3, -1))
    refused("the weight of row 3 is -1", put(3, -1))
    refused("the weight of row 2 is NaN", put(2, 0 / 0))
    refused("the weight of row 2 is inf", put(2, math.huge))
    refused("it returned 25 weights for 24 rows", put(25, 1))
    refused("it returned 23 weights for 24 rows", put(24, nil))
    refused("it returned a string for row 2 where a list of numbers is expected", put(2, "1"))
    refused("it returned a nil where a list of numbers is expected", function() end)
    refused("it returned a tensor of shape [24, 2]", function(rows) return torch.ones(#rows, 2) end)
    refused("no row has a weight above 0", function(rows) return torch.zeros(#rows) end)
    refused("sampler_test.lua:", function(rows) return rows[25].task end)
    local function order(change)
      return { order = function(rows)
        local list = {}
        for i in ipairs(rows) do list[i] = i end
        change(list)
        return list
      end }
    end
    refused("row 5 is in the order twice", order(function(list) list[6] = 5 end))
    refused("row 24 is not in the order", order(function(list) list[24] = nil end))
    refused("there is no row 25: there are 24", order(function(list) list[1] = 25 end))
    refused("there is no row 0: there are 24", order(function(list) list[1] = 0 end))
    refused("1.5 is no row number", order(function(list) list[1] = 1.5 end))
    refused("the sampler reads 'loss' and does not say so", function(rows) return { rows[1].loss } end)
    local calls = 0
    refused("two different results for the same rows", function(rows)
      calls = calls + 1
      local list = ones(rows)
      list[1] = calls
      return list
    end)
    -- What goes wrong later is found at the step, which can be tried again.
    local fails = false
    local t = small.trainer { sampler = { every = 2, weights = function(rows)
      if fails then return {} end
      return ones(rows)
    end } }
    small.losses(t, 2)
    fails = true
    small.refused("it returned 0 weights for 24 rows", t.step, t)
    fails = false
    assert(t:step().step == 3)
  end,

  ["what would choose the rows, too, is refused by name"] = function()
    local function refused(text, options)
      options.sampler = options.sampler or ones
      small.refused(text, small.trainer, options)
    end
    refused("'length_buckets' and 'sampler' would both choose the rows", { length_buckets = true })
    refused("'task_weights' and 'sampler' of the trainer would both choose the rows", {
      control = { task_weights = compt.curriculum.equal() },
    })
    small.refused("'stream' and 'sampler' would both choose the rows", compt.trainer, {
      backbone = small.backbone(), stream = function() end, steps = 1, sampler = ones,
      method = compt.methods.ssum { sources = 2, length = 3 },
    })
    local t = small.trainer { sampler = ones }
    small.refused("would both choose the rows", t.set, t, "task_weights.nli2", 1)
    small.refused("'sampler' cannot change during training", t.set, t, "sampler.temperature", 3)
    small.refused("either 'weights' or 'order', not both", small.trainer, { sampler = { weights = ones, order = by "task" } })
    small.refused("'every' is for weights", small.trainer, { sampler = { order = by "task", every = 2 } })
    small.refused("option 'weights' is missing", small.trainer, { sampler = { losses = true } })
    small.refused("unknown option 'loses'", small.trainer, { sampler = { weights = ones, loses = true } })
  end,

  ["definitions are checked and have options"] = function()
    local function refused(text, sampler) small.refused(text, compt.sampler.define, "new", sampler) end
    refused("unknown option 'wieghts'", { weights = ones, wieghts = 1 })
    refused("options: 'every' is an option of every sampler", { weights = ones, options = { every = 1 } })
    refused("a sampler has no 'parameters'", { weights = ones, parameters = {} })
    refused("got a number", 3)
    small.refused("'hard' is a sampler of compt", compt.sampler.define, "hard", ones)
    local seen
    compt.sampler.define("scaled", { options = { factor = 2 }, every = 1, weights = function(rows, context)
      seen = context.options.factor
      return ones(rows)
    end })
    small.trainer { sampler = "scaled" }
    assert(seen == 2)
    small.trainer { sampler = { kind = "scaled", factor = 3, every = "epoch" } }
    assert(seen == 3)
    small.refused("unknown option 'fcator'", small.trainer, { sampler = { kind = "scaled", fcator = 3 } })
  end,
}
