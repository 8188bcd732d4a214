--- A loss that is not finite stops the run; the prompts can still be evaluated.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

--- SSUM whose result is NaN while `broken` is set.
local function fragile()
  local state = {}
  state.method = compt.methods.ssum {
    sources = 2, length = 3, warmup = 0,
    compose = function(private, sources, weights)
      local prompt = compt.compose.sum(private, sources, weights)
      return state.broken and prompt * (0 / 0) or prompt
    end,
  }
  return state
end

return {
  ["the error names the step, the tasks and the last finite loss"] = function()
    local state = fragile()
    local trainer = small.trainer { method = state.method }
    trainer:step()
    local last = trainer:step()
    state.broken = true
    local ok, message = pcall(trainer.step, trainer)
    assert(not ok)
    local text = tostring(message)
    assert(text:find("step 3: the loss is NaN on a batch of ", 1, true), text)
    assert(text:find "%d nli2" or text:find "%d sentiment" or text:find "%d similarity", text)
    assert(text:find(("the last finite loss was %.4f at step 2"):format(last.loss), 1, true), text)
    assert(text:find("lower the learning rates", 1, true), text)
    assert(trainer.steps == 2)
    state.broken = false
    assert(trainer:evaluate("test").counts.nli2 == 6)
  end,

  ["the first step has no earlier loss"] = function()
    local state = fragile()
    local trainer = small.trainer { method = state.method }
    state.broken = true
    small.refused("no earlier step had a finite loss", trainer.run, trainer)
    assert(trainer.steps == 0)
  end,

  ["an update that makes prompts not finite is undone"] = function()
    local trainer = small.trainer {
      control = { lr = { private = 100, source = 100, router = 0 } },
      method = compt.methods.ssum {
        sources = 2, length = 3, encoder = "none",
        compose = function(private, sources, weights)
          return torch.exp(compt.compose.sum(private, sources, weights))
        end,
      },
    }
    small.refused("the last finite loss was", trainer.run, trainer)
    for task = 1, 3 do assert(trainer:prompt(task):isfinite():all():item()) end
  end,

  ["skip skips and counts batches, and stops after too many in a row"] = function()
    local state = fragile()
    local trainer = small.trainer {
      method = state.method, non_finite = { policy = "skip", tries = 2 },
    }
    trainer:step()
    state.broken = true
    local before = small.snapshot(trainer.bank)
    local report = trainer:step()
    assert(report.skipped and report.step == 2 and report.loss ~= report.loss)
    trainer:step()
    small.refused("2 batches in a row were skipped", trainer.step, trainer)
    assert(trainer.steps == 3)
    state.broken = false
    assert(not trainer:step().skipped and trainer.steps == 4)
    assert(#small.moved(trainer.bank, before) > 0)
  end,

  ["rollback goes back, uses other batches, and stops after too many"] = function()
    local state = fragile()
    local trainer = small.trainer {
      method = state.method, non_finite = { policy = "rollback", tries = 2 }, steps = 8,
    }
    local losses = small.losses(trainer, 3)
    -- Broken for one attempt of step 4 only.
    local calls = 0
    local method = compt.methods.ssum {
      sources = 2, length = 3, warmup = 0,
      compose = function(private, sources, weights)
        calls = calls + 1
        local prompt = compt.compose.sum(private, sources, weights)
        return calls == 4 and prompt * (0 / 0) or prompt
      end,
    }
    local other = small.trainer {
      method = method, non_finite = "rollback", steps = 8,
    }
    -- Those of the trainer's own trial do not count.
    calls = 0
    small.same(small.losses(other, 3), losses, 0)
    local report = other:step()
    assert(report.rolled_back[1] == 4 and report.step == 1, report.step)
    assert(report.attempt == 5 and other.steps == 1)
    assert(report.loss ~= losses[1], "the batch or the draws must be others")
    for step = 2, 8 do assert(other:step().step == step) end
    state.broken = true
    small.refused("after 2 rollbacks", trainer.run, trainer)
  end,
}
