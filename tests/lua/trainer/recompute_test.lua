--- `recompute`: the layers are computed again in the backward pass, with the same losses and gradients.
local compt = require "compt"
local small = require "tests.lua.small"

local methods = compt.methods

--- The losses of three steps and the gradients of the fourth.
local function outcome(recompute, changes)
  local options = { steps = 4, accumulate = 2, dropout = 0.1, recompute = recompute }
  for key, value in pairs(changes) do options[key] = value end
  options.backbone = changes.method.backbone and compt.backbone("micro", { dtype = "float32" })
    or small.backbone { num_layers = 2, num_decoder_layers = 2 }
  local trainer = small.trainer(options)
  local losses = small.losses(trainer, 3)
  local loss, gradients = trainer:gradients()
  losses[4] = loss
  return losses, gradients
end

local function same(changes)
  local losses, gradients = outcome(false, changes)
  local again, recomputed = outcome(true, changes)
  assert(again[1] == losses[1], "the first loss is another")
  small.same(again, losses, 1e-5)
  local count = 0
  for name, gradient in pairs(gradients) do
    local other = assert(recomputed[name], name .. " has no gradient")
    local off = (other - gradient):abs():max():item()
    assert(off <= 1e-5 * math.max(gradient:abs():max():item(), 1e-3), name .. " is off by " .. off)
    count = count + 1
    recomputed[name] = nil
  end
  assert(count > 0 and next(recomputed) == nil)
end

local tests = {
  ["only true, false and auto are known"] = function()
    small.refused("'recompute' is true, false or \"auto\", not \"always\"", small.trainer, { recompute = "always" })
    assert(small.trainer({ recompute = "auto" }):step().loss > 0)
  end,

  ["a loss of a method's own may read the prompts again"] = function()
    local function build(setup)
      local shared = setup:parameter("shared", "prompt", setup:prompt(3))
      local last
      local function give(batch)
        last = (shared * 2):tanh():unsqueeze(1):expand(batch.size, -1, -1)
        return last
      end
      local function loss(_, out) return out.loss + (last * last):mean() end
      return { give = give, loss = loss }
    end
    same { method = { name = "own", build = build, lr = { shared = 0.1 } } }
  end,
}

for name, method in pairs {
  ssum = methods.ssum { sources = 2, length = 3 },
  msum = methods.msum { sources = 2, length = 3 },
  mcat = methods.mcat { sources = 2, length = 3 },
  pt = methods.pt { length = 3 },
  lora = methods.lora {},
  adapters = methods.adapters {},
  bitfit = methods.bitfit {},
  prefix_tuning = methods.prefix_tuning {},
  fine_tuning = methods.fine_tuning { shared = true },
} do
  tests["the losses and gradients of " .. name .. " are those of the plain pass"] = function()
    same { method = method }
  end
end

return tests
