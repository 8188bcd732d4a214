--- A run that is resumed from a checkpoint is identical to an uninterrupted run.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

--- The number of stopping points; `COMPT_STOPS=50` is the long version.
local stops = tonumber(os.getenv "COMPT_STOPS") or 6
local steps = 24

local function scratch(body)
  local path = os.tmpname()
  local ok, message = pcall(body, path)
  os.remove(path)
  if not ok then error(message, 0) end
end

--- Every tensor of a checkpoint: parameters, moments, state of the last step.
local function tensors(trainer)
  local found
  scratch(function(path)
    trainer:save(path)
    found = torch.load(path)
  end)
  return found
end

local function same_tensors(a, b)
  local count = 0
  for name, tensor in pairs(a) do
    assert(b[name], name .. " is missing")
    assert(torch.equal(tensor, b[name]), name .. " differs")
    count = count + 1
  end
  for name in pairs(b) do assert(a[name], name .. " is new") end
  return count
end

--- Runs with every kind of state that must be saved.
local function kinds()
  local s, c = compt.schedule, compt.curriculum
  local busy = {
    lr = { router = s.on_plateau(0.1, { patience = 1 }), source = s.cosine(0.1, 0.01), private = 0.05 },
    task_weights = c.staged { { 0.4, c.easy_to_hard() }, { 0.6, c.round_robin() } },
    dropout = s.linear(0.2, 0), freeze = { source = function(step) return step % 5 == 0 end },
    top_k = function(step) return step > 12 and 1 or 2 end,
  }
  return {
    plain = function() return small.trainer { steps = steps } end,
    busy = function()
      return small.trainer {
        steps = steps, control = busy, accumulate = 2, evaluate_every = 5, evaluate_limit = 2,
      }
    end,
    buckets = function()
      return small.trainer {
        steps = steps, length_buckets = true, optimizer = "adafactor",
        backbone = small.backbone { dropout_rate = 0.3 },
      }
    end,
    staged = function()
      local method = compt.methods.mpt { length = 2 }
      -- Three teachers of 4 steps, 4 of distillation, 8 of adaptation.
      return small.trainer { steps = 16, method = method, evaluate_every = 5, evaluate_limit = 2 }
    end,
    changed = function()
      return small.trainer { steps = steps / 3, method = compt.methods.lora { rank = 2 } }
    end,
    alone = function()
      return small.trainer { steps = steps / 3, method = compt.methods.pt { length = 2 } }
    end,
  }
end

return {
  ["a run resumed at any step is bit-identical"] = function()
    math.randomseed(7)
    for kind, make in sorted_pairs(kinds()) do
      local whole = make()
      local losses = small.losses(whole, steps)
      local wanted = tensors(whole)
      for _ = 1, stops do
        local stop = math.random(0, steps - 1)
        local first, second = make(), make()
        small.losses(first, stop)
        scratch(function(path)
          first:save(path)
          assert(second:load(path):find(("resumes after step %d"):format(stop), 1, true))
        end)
        assert(second.steps == stop)
        local rest = small.losses(second, steps - stop)
        small.same(rest, table.move(losses, stop + 1, steps, 1, {}), 0)
        assert(same_tensors(wanted, tensors(second)) > 10, kind)
      end
      print(("%s: resumed at %d stopping points, bit-identical to the end"):format(kind, stops))
    end
  end,

  ["a checkpoint with other shapes is refused"] = function()
    scratch(function(path)
      local t = small.trainer {}
      t:step()
      t:save(path)
      local other = small.trainer { method = compt.methods.ssum { sources = 3, length = 3 } }
      small.refused("trainer:load", other.load, other, path)
      small.refused("'router.logits' has shape [3, 2] in it and [3, 3] here; ", other.load, other, path)
      small.refused('{ only = "parameters" } loads the ', other.load, other, path)
      local longer = small.trainer { method = compt.methods.ssum { sources = 2, length = 4 } }
      small.refused(" has shape [3, 16] in it and [4, 16] here; ", longer.load, longer, path)
      local before = longer:prompt(1):detach():clone()
      small.refused("loads the 21 of 26 parameters", longer.load, longer, path)
      assert(torch.equal(before, longer:prompt(1)) and longer.steps == 0)
      -- Nothing of another method fits.
      local changed = small.trainer { method = compt.methods.lora { rank = 2 } }
      small.refused("no parameter of this trainer is in it by name and shape", changed.load, changed, path)
      -- A parameter that only the checkpoint has is not left out silently.
      local function constant(sources)
        return small.trainer {
          method = compt.methods.ssum { sources = sources, length = 3, router = "constant", encoder = "none" },
        }
      end
      constant(3):save(path)
      local two = constant(2)
      small.refused("is not a parameter of this trainer", two.load, two, path)
      t:save(path)
      small.refused("'parametres'", other.load, other, path, { only = "parametres" })
      small.refused("No such file", other.load, other, "no/such/run")
    end)
  end,

  ["matching parameters are loaded into a run with other shapes"] = function()
    scratch(function(path)
      local t = small.trainer {}
      t:step()
      t:save(path)
      local more = small.trainer { method = compt.methods.ssum { sources = 3, length = 3 } }
      local told = more:load(path, { only = "parameters" })
      assert(told:find("router.logits", 1, true), told)
      assert(torch.equal(more.bank:source(1), t.bank:source(1)))
      assert(more.steps == 0)
      more:step()
    end)
  end,
}
