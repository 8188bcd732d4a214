--- Changes of a run in progress by a control or at the prompt.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

return {
  ["a knob set by hand overrides the control until it is removed"] = function()
    local t = small.trainer { control = { lr = { router = 0.3 }, clip = 2 } }
    t:step()
    assert(t:set("lr.router", 0.05) == "lr.router: 0.3 -> 0.05")
    assert(t:step().lr.router == 0.05)
    t:set("lr.router", nil)
    assert(t:step().lr.router == 0.3)
  end,

  ["a wrong setting is refused and changes nothing"] = function()
    local t = small.trainer {}
    small.refused("did you mean 'temperature'?", t.set, t, "temprature", 1)
    small.refused("did you mean 'router'?", t.set, t, "lr.ruoter", 1)
    small.refused("specify the group: 'lr.NAME'", t.set, t, "lr", 1)
    small.refused("'temperature' has no groups or tasks", t.set, t, "temperature.x", 1)
    small.refused("-1 is not within [0, 100]", t.set, t, "lr.router", -1)
    small.refused("cannot change during training", t.set, t, "batch_size", 4)
    small.refused("a table is not a setting", t.set, t, "clip", {})
    local other = small.trainer {}
    small.same(small.losses(t, 6), small.losses(other, 6), 0)
  end,

  ["values that every step sets cannot be assigned"] = function()
    local t = small.trainer {}
    local function refused(text, hint, f)
      small.refused(text, f)
      small.refused(hint, f)
    end
    refused("sets its router's 'temperature'", 'trainer:set("temperature", VALUE)', function() t.router.temperature = 1 end)
    refused("a router's 'top_k' cannot be set", 'trainer:set("top_k", VALUE)', function() t.router.top_k = 1 end)
    refused("a router's 'normalise' cannot be set", 'trainer:set("normalise", VALUE)', function() t.router.normalise = "sum" end)
    refused("a trainer's 'lr' cannot be set", 'trainer:set("lr.GROUP", VALUE)', function() t.lr = 1 end)
    refused("a trainer's 'task_weights' cannot be set", 'trainer:set("task_weights.TASK", VALUE)', function() t.task_weights = {} end)
    t:step()
    local first = t:parameters()[1]
    first.value.requires_grad = false
    refused("'requires_grad' of the parameter 'router.logits'", 'trainer:set("freeze.router", true)', function() t:step() end)
    first.value:requires_grad_()
    assert(t:step().step == 2)
    -- A router without a trainer has a separate temperature.
    local r = compt.router.relaxed_bernoulli { tasks = 1, sources = 2 }
    r.temperature = 0.5
    assert(r.temperature == 0.5)
    small.refused("cannot be set", function() r.top_k = 1 end)
  end,

  ["extra arguments are refused"] = function()
    local t = small.trainer {}
    local b = t.backbone
    small.refused("trainer:step takes no arguments, got 1", t.step, t, 5)
    small.refused("trainer:evaluate takes at most 2 arguments, got 3", t.evaluate, t, "test", {}, true)
    small.refused("trainer:set takes at most 2 arguments, got 3", t.set, t, "clip", 1, 2)
    small.refused("trainer:prompts takes no arguments, got 1", t.prompts, t, "nli2")
    small.refused("trainer:parameters takes no arguments", t.parameters, t, "router")
    small.refused("prompt_bank:source takes at most 1 argument", t.bank.source, t.bank, 1, 2)
    small.refused("router:weights takes at most 2 arguments", t.router.weights, t.router, 1, {}, 3)
    small.refused("backbone:embed takes at most 1 argument", b.embed, b, { { 5, 1 } }, 2)
    small.refused("compt.backbone takes at most 2 arguments", compt.backbone, "micro", {}, {})
    small.refused("compt.trainer takes at most 1 argument", compt.trainer, {}, {})
    small.refused("compt.compose.sum takes at most 3 arguments", compt.compose.sum, 1, 2, 3, 4)
    small.refused("torch.scope takes at most 1 argument", torch.scope, function() end, 1)
    assert(t:step(nil).step == 1, "nil is no argument")
  end,

  ["a run can be made in parts"] = function()
    local whole = small.trainer { evaluate_every = 2, evaluate_limit = 2 }
    local wanted = small.losses(whole, 6)
    local losses = {}
    local t = small.trainer {
      evaluate_every = 2, evaluate_limit = 2,
      control = { clip = function(step, view) losses[step - 1] = view.loss return 1 end },
    }
    assert(t:run({ steps = 2 }).steps == 2 and t.steps == 2)
    assert(t:step().step == 3)
    small.refused("trainer:run: 'steps' = 100, and the whole run has 6 steps", t.run, t, { steps = 100 })
    local report = t:run { steps = 6 }
    assert(report.steps == 6 and t.steps == 6, "no more than are left")
    small.same({ table.unpack(losses, 1, 5) }, { table.unpack(wanted, 1, 5) }, 0)
    small.refused("did you mean 'steps'?", t.run, t, { step = 3 })
    small.refused("trainer:run: 'steps' must be at least 1, not 0", t.run, t, { steps = 0 })
    small.refused("option 'steps' must be a whole number", t.run, t, { steps = 1.5 })
    small.refused("expected a table of options", t.run, t, 3)
  end,

  ["a frozen group does not change and keeps its moments"] = function()
    local t = small.trainer {
      control = {
        lr = { source = 0.1, private = 0.1, router = 0.1 },
        freeze = { source = function(step) return step == 2 or step == 3 end },
      },
    }
    t:step()
    local before = small.snapshot(t.bank)
    local report = t:step()
    assert(report.lr.source == 0 and report.grad_norms.source == nil)
    assert(report.grad_norms.private > 0)
    t:step()
    for _, name in ipairs(small.moved(t.bank, before)) do
      assert(not name:find "source", name .. " moved")
    end
    t:step()
    local moved = table.concat(small.moved(t.bank, before), " ")
    assert(moved:find "source", moved)
    -- Adam's count of the group's own steps: two of four.
    local path = os.tmpname()
    t:save(path)
    for name, value in pairs(torch.load(path)) do
      if name:match "^optimizer%.source.*%.step$" then assert(value:item() == 2, name) end
      if name == "optimizer.router.logits.step" then assert(value:item() == 4) end
    end
    os.remove(path)
  end,

  ["all groups can be frozen"] = function()
    local all = { source = true, private = true, router = true }
    local t = small.trainer { control = { freeze = all } }
    local before = small.snapshot(t.bank)
    assert(t:step().grad_norm == 0)
    assert(#small.moved(t.bank, before) == 0)
  end,

  ["top_k and normalise apply to training and inference"] = function()
    local method = compt.methods.ssum { sources = 3, length = 2, router = { bound = 1 } }
    local function prompts(control)
      local t = small.trainer { method = method, control = control }
      t:step()
      return t:prompt(1), t
    end
    local own = prompts(nil)
    local one, t = prompts { top_k = 1 }
    assert(not torch.equal(own, one))
    -- One source, with the whole weight.
    local weights = torch.softmax(t.router.logits:detach(), -1)
    local best = weights[1]:argmax():item()
    local alone = t.bank:private(1) + t.bank:source(best)
    assert(torch.allclose(one, alone, { atol = 1e-5 }))
    local sums = prompts { normalise = "sum" }
    assert(not torch.equal(own, sums))
    small.refused("did you mean 'softmax'?", small.trainer, { control = { normalise = "softmx" } })
  end,

  ["stop ends the run as if it were complete"] = function()
    local t = small.trainer { control = { stop = function(step) return step > 4 end } }
    local report = t:run()
    assert(report.steps == 4 and t.steps == 4)
    assert(t:evaluate("test").counts.nli2 == 6)
  end,

  ["the control sees evaluations during training"] = function()
    local seen = {}
    local t = small.trainer {
      evaluate_every = 2, evaluate_limit = 4,
      control = {
        clip = function(step, view)
          if step > 1 then seen[step] = { #view.evaluations, view.score, view.scores } end
          return 1
        end,
      },
    }
    t:run()
    assert(seen[2][1] == 0 and seen[2][2] == nil)
    assert(seen[3][1] == 1 and seen[5][1] == 2 and seen[6][1] == 2)
    local sum = 0
    for _, score in pairs(seen[5][3]) do sum = sum + score end
    assert(math.abs(seen[5][2] - sum / 3) < 1e-9)
  end,

  ["evaluations do not change the training"] = function()
    local with = small.trainer { evaluate_every = 1, evaluate_limit = 2 }
    small.same(small.losses(with, 6), small.losses(small.trainer {}, 6), 0)
  end,

  ["a view has norms, averages and router weights"] = function()
    local seen
    local t = small.trainer {
      control = {
        clip = function(step, view)
          if step == 6 then
            seen = {
              view.grad_norm, view.grad_norms.private, view.loss_average,
              view.router_weights.sentiment, view.task_sizes.nli2, #view.epoch_losses,
            }
          end
          return 1
        end,
      },
    }
    local reports = {}
    for step = 1, 6 do reports[step] = t:step() end
    assert(seen[1] == reports[5].grad_norm and seen[2] == reports[5].grad_norms.private)
    local average = reports[1].loss
    for step = 2, 5 do average = 0.9 * average + 0.1 * reports[step].loss end
    assert(math.abs(seen[3] - average) < 1e-9)
    assert(#seen[4] == 2 and math.abs(seen[4][1] + seen[4][2] - 1) < 1e-6)
    assert(seen[5] == 8 and seen[6] == 0)
  end,

  ["an error in a step's function keeps the settings of the step before"] = function()
    local t = small.trainer {
      control = {
        lr = {
          router = function(step, view)
            -- Trial views have a loss of 1.
            if step == 4 and view.loss ~= 1 then error "broken" end
            return step / 100
          end,
        },
      },
    }
    for step = 1, 6 do
      local wanted = step < 4 and step / 100 or 0.03
      assert(t:step().lr.router == wanted, step)
    end
  end,

  ["a failed step is repeated with the same rows"] = function()
    local fails = false
    local method = compt.methods.ssum {
      sources = 2, length = 3,
      compose = function(private, sources, weights)
        if fails then error "not now" end
        return compt.compose.sum(private, sources, weights)
      end,
    }
    local whole, other = small.trainer { method = method }, small.trainer { method = method }
    local wanted = small.losses(whole, 6)
    local losses = small.losses(other, 3)
    fails = true
    small.refused("not now", other.step, other)
    fails = false
    table.move(small.losses(other, 3), 1, 3, 4, losses)
    small.same(losses, wanted, 0)
  end,
}
