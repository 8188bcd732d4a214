--- The computation, changes and report of one optimizer step.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

local function text_task(rows)
  return {
    fields = { "text" }, labels = { "negative", "positive" }, rows = { train = rows, test = rows },
  }
end

--- 16 rows of each of two tasks; every label is one piece.
local function even_tasks()
  local words = { "tom", "anna", "ben", "lucy", "sam", "mia", "leo", "nina" }
  local good, bad = {}, {}
  for i = 1, 16 do
    local text = words[(i - 1) % 8 + 1] .. (i > 8 and " likes the film ." or " hates it .")
    good[i] = { text = text, label = i % 2 }
    bad[i] = { text = "no , " .. text, label = (i + 1) % 2 }
  end
  return compt.tasks { good = text_task(good), bad = text_task(bad) }
end

local ssum = compt.methods.ssum

return {
  ["a step returns a report"] = function()
    local trainer = small.trainer()
    local s = compt.schedule
    local wanted = { router = 0.1, source = 0.05, private = 0.02 }
    for step = 1, 6 do
      local report = trainer:step()
      assert(report.step == step and trainer.steps == step)
      assert(report.loss > 0 and report.seconds > 0 and report.grad_norm > 0)
      for group, peak in pairs(wanted) do
        local rate = s.warmup_linear(peak, { warmup = 0.2 })(step, { total_steps = 6 })
        assert(math.abs(report.lr[group] - rate) < 1e-12, group)
      end
      local temperature = s.linear(5, 1e-3)(step, { total_steps = 6 })
      assert(math.abs(report.temperature - temperature) < 1e-12)
      assert(trainer.router.temperature == report.temperature)
      local rows = 0
      for task, count in pairs(report.tasks) do
        rows = rows + count
        assert(report.task_losses[task] > 0)
      end
      assert(rows == 4)
    end
    small.refused("all 6 steps are done", trainer.step, trainer)
  end,

  ["run makes the remaining steps"] = function()
    local trainer = small.trainer()
    trainer:step()
    local done = trainer:run()
    assert(done.steps == 6 and trainer.steps == 6 and done.seconds > 0 and done.out == nil)
  end,

  ["a first step's loss is the backbone's on the composed prompt"] = function()
    local backbone = small.backbone()
    local text, label = "tom likes the film .", "positive"
    local tasks = compt.tasks { mood = text_task { { text = text, label = 1 } } }
    local source = backbone.tokenizer:encode("text: " .. text)
    local embeds = backbone:embed { source }
    local before, last = embeds:narrow(2, 1, #source - 1), embeds:narrow(2, #source, 1)
    for _, placement in ipairs { "append", "prepend" } do
      local trainer = small.trainer {
        backbone = backbone, tasks = tasks, placement = placement,
        method = ssum { sources = 2, length = 3, router = "constant" },
      }
      local prompt = trainer:prompt("mood"):unsqueeze(1)
      assert(table.concat(prompt.shape, " ") == "1 3 16")
      local parts = placement == "append" and { before, prompt, last } or { prompt, embeds }
      local labels = { backbone.tokenizer:encode(label) }
      local wanted = backbone:forward { inputs_embeds = torch.cat(parts, 2), labels = labels }
      small.same({ trainer:step().loss }, { wanted.loss:item() }, 1e-5)
    end
    small.refused("did you mean 'append'?", small.trainer, { placement = "apend" })
  end,

  ["the same seed gives the same numbers, another seed others"] = function()
    local function run(seed)
      local trainer = small.trainer { seed = seed }
      return small.losses(trainer, 6), trainer:prompt(1)
    end
    local losses, prompt = run(3)
    torch.rand(5)
    local again, same_prompt = run(3)
    for i = 1, 6 do assert(losses[i] == again[i]) end
    assert(torch.equal(prompt, same_prompt))
    local others = run(4)
    assert(losses[1] ~= others[1])
  end,

  ["calls between two steps do not change them"] = function()
    local trainer = small.trainer { backbone = small.backbone { dropout_rate = 0.1 } }
    local quiet = small.losses(trainer, 6)
    trainer = small.trainer { backbone = small.backbone { dropout_rate = 0.1 } }
    for i = 1, 6 do
      assert(trainer:step().loss == quiet[i])
      torch.rand(3)
      trainer:evaluate("test", { limit = 1 })
    end
  end,

  ["losses fall, whatever the method and the optimizer"] = function()
    for name in pairs { ssum = 1, msum = 1, mcat = 1, pt = 1 } do
      for _, optimizer in ipairs { "adamw", "adafactor" } do
        local method = compt.methods[name] {
          length = 3, sources = name == "pt" and 0 or 2, alone = false, router = "constant",
        }
        local losses = small.losses(small.trainer {
          method = method, optimizer = optimizer, steps = 60, batch_size = 8,
        }, 60)
        local function mean(from)
          local sum = 0
          for i = from, from + 9 do sum = sum + losses[i] end
          return sum / 10
        end
        assert(mean(51) < mean(1) - 0.15, ("%s, %s: %.3f to %.3f"):format(name, optimizer, mean(1), mean(51)))
      end
    end
    small.refused("did you mean 'adafactor'?", small.trainer, { optimizer = "adafctor" })
    local optimizer = { kind = "adamw", momentum = 1 }
    small.refused("unknown option 'momentum'", small.trainer, { optimizer = optimizer })
  end,

  ["a private prompt changes only with its task"] = function()
    local trainer = small.trainer { batch_size = 1, method = ssum { sources = 2, length = 3, warmup = 0 } }
    for _ = 1, 6 do
      local before = small.snapshot(trainer.bank)
      local tasks = trainer:step().tasks
      local own = "private." .. next(tasks) .. "."
      for _, name in ipairs(small.moved(trainer.bank, before)) do
        assert(name:find "^source" or name:sub(1, #own) == own, name)
      end
    end
  end,

  ["every part of a composition is trained"] = function()
    local trainer = small.trainer { batch_size = 24, method = ssum { sources = 2, length = 3, warmup = 0 } }
    local before, logits = small.snapshot(trainer.bank), trainer.router.logits:detach():clone()
    trainer:step()
    local all = 0
    for _ in pairs(before) do all = all + 1 end
    assert(#small.moved(trainer.bank, before) == all)
    assert(not torch.equal(logits, trainer.router.logits:detach()))
  end,

  ["two accumulated batches equal one of twice the size"] = function()
    local function losses(batch_size, accumulate)
      return small.losses(small.trainer {
        tasks = even_tasks(), batch_size = batch_size, accumulate = accumulate, steps = 4,
        method = ssum { sources = 2, length = 3, router = "constant", warmup = 0 },
      }, 4)
    end
    small.same(losses(16, 2), losses(32, 1), 1e-4)
  end,

  ["an epoch uses every row once for any number of batches per step"] = function()
    local function total(changes)
      changes.tasks, changes.steps, changes.epochs = even_tasks(), nil, 3
      local options = { backbone = small.backbone(), method = ssum { sources = 1 }, progress = false }
      for key, value in pairs(changes) do options[key] = value end
      return compt.trainer(options).total_steps
    end
    assert(total { batch_size = 16 } == 6)
    assert(total { batch_size = 8, accumulate = 2 } == 6)
    assert(total { batch_size = 5 } == 21)
  end,

  ["clipping bounds the update"] = function()
    local function moved(clip)
      local trainer = small.trainer {
        clip = clip, weight_decay = 0, method = ssum { sources = 2, length = 3, warmup = 0 },
      }
      local before = small.snapshot(trainer.bank)
      local norm = trainer:step().grad_norm
      local most = 0
      for name, tensor in pairs(trainer.bank:parameters()) do
        most = math.max(most, (tensor:detach() - before[name]):abs():max():item())
      end
      return most, norm
    end
    local free, norm = moved(math.huge)
    local tight, same_norm = moved(1e-12)
    assert(free > 0.01 and tight < 1e-4 and norm == same_norm, free .. " " .. tight)
    small.refused("'clip' must be above 0", small.trainer, { clip = 0 })
  end,

  ["prompt tuning trains one task after the other"] = function()
    local trainer = compt.trainer {
      backbone = small.backbone(), tasks = small.tasks(), batch_size = 4, epochs = 2, seed = 3,
      progress = false, method = compt.methods.pt { length = 3 },
    }
    assert(trainer.total_steps == 3 * 4)
    local order = {}
    for step = 1, 12 do
      local before = small.snapshot(trainer.bank)
      local report = trainer:step()
      local task = next(report.tasks)
      assert(next(report.tasks, task) == nil and report.tasks[task] == 4)
      order[(step - 1) // 4 + 1] = order[(step - 1) // 4 + 1] or task
      assert(order[(step - 1) // 4 + 1] == task and report.temperature == nil)
      assert(report.epoch == (step - 1) % 4 // 2 + 1)
      -- Each task has the whole schedule to itself.
      local rate = compt.schedule.warmup_linear(0.02, { warmup = 0.2 })
      assert(math.abs(report.lr.private - rate((step - 1) % 4 + 1, { total_steps = 4 })) < 1e-12)
      for _, name in ipairs(small.moved(trainer.bank, before)) do
        assert(name:find("private." .. task .. ".", 1, true), name)
      end
    end
    assert(table.concat(order, " ") == "nli2 sentiment similarity")
  end,

  ["batches of similar length have the same rows"] = function()
    local trainer = small.trainer { length_buckets = true, batch_size = 8, steps = 3 }
    local counts = {}
    for _ = 1, 3 do
      for task, count in pairs(trainer:step().tasks) do counts[task] = (counts[task] or 0) + count end
    end
    for _, task in ipairs { "nli2", "sentiment", "similarity" } do assert(counts[task] == 8) end
  end,

  ["padding changes only the time"] = function()
    local padded = small.losses(small.trainer { attention = "padded" }, 6)
    small.same(small.losses(small.trainer { attention = "grouped" }, 6), padded, 1e-4)
  end,

  ["ignored labels of a stream do not count"] = function()
    local options = { steps = 1, dropout = 0, method = compt.methods.pt { length = 2, alone = false } }
    options.backbone, options.progress, options.batch_size, options.seed = small.backbone(), false, 1, 1
    local function loss(target)
      options.stream = function() return { source = { { 20, 21, 1 } }, target = { target } } end
      return compt.trainer(options):step().loss
    end
    assert(loss { 5, -100, 1 } ~= loss { 5, 6, 1 })
    small.refused("no position that counts", loss, { -100, -100 })
    small.refused("outside the vocabulary", loss, { 5, 99999 })
  end,

  ["options are checked"] = function()
    small.refused("did you mean 'batch_size'?", small.trainer, { batch_sise = 3 })
    small.refused("'batch_size' and 'accumulate' must be at least 1", small.trainer, { accumulate = 0 })
    small.refused("set either 'epochs' or 'steps'", small.trainer, { epochs = 1 })
    small.refused("'dropout' must be within [0, 1)", small.trainer, { dropout = 1 })
    small.refused("option 'backbone' is missing", compt.trainer, { tasks = small.tasks() })
  end,
}
