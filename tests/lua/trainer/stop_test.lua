--- A loss that is not finite stops the run and leaves prompts that still work.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

--- SSUM that turns into NaN while `broken` is set.
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

  ["at the first step there is nothing before"] = function()
    local state = fragile()
    state.broken = true
    local trainer = small.trainer { method = state.method }
    small.refused("no step before had a finite one", trainer.run, trainer)
    assert(trainer.steps == 0)
  end,

  ["an update that breaks the prompts is taken back"] = function()
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
}
