--- Shared code of the training tests: a backbone with random weights whose steps take milliseconds, and
--- a few rows of micro tasks for it.
local compt, torch = require "compt", require "compt.torch"

local small = {}

local micro = compt.backbone("micro", { device = "cpu" })

--- A frozen T5 with 16 dimensions and the micro tokenizer; `changes` override its configuration.
function small.backbone(changes)
  local config = {
    d_model = 16, d_kv = 8, d_ff = 32, num_heads = 2, num_layers = 1, num_decoder_layers = 1,
    vocab_size = micro.vocab_size, dropout_rate = 0,
  }
  for key, value in pairs(changes or {}) do config[key] = value end
  return compt.backbone(config, {
    seed = 1, tokenizer = micro.tokenizer, dtype = "float32", device = "cpu",
  })
end

--- Three micro tasks with 8 training and 6 test rows each.
function small.tasks(options)
  local given = { tasks = { "nli2", "sentiment", "similarity" }, shots = 8, seed = 1, max_test = 6 }
  for key, value in pairs(options or {}) do given[key] = value end
  return compt.tasks("micro", given)
end

--- SSUM on the small backbone and tasks; `changes` override the options.
function small.trainer(changes)
  local options = {
    steps = 6, batch_size = 4, seed = 3, progress = false,
    method = compt.methods.ssum { sources = 2, length = 3 },
  }
  for key, value in pairs(changes or {}) do options[key] = value end
  options.backbone = options.backbone or small.backbone()
  options.tasks = options.tasks or small.tasks()
  return compt.trainer(options)
end

--- The losses of the next `count` steps.
function small.losses(trainer, count)
  local losses = {}
  for i = 1, count do losses[i] = trainer:step().loss end
  return losses
end

--- Two lists of numbers that are equal within `tolerance` (1e-6).
function small.same(a, b, tolerance)
  assert(#a == #b, ("%d and %d numbers"):format(#a, #b))
  for i = 1, #a do
    assert(math.abs(a[i] - b[i]) <= (tolerance or 1e-6), ("%d: %.9g is not %.9g"):format(i, a[i], b[i]))
  end
end

--- A copy of every trained parameter of a bank, by name.
function small.snapshot(bank)
  local copy = {}
  for name, tensor in pairs(bank:parameters()) do copy[name] = tensor:detach():clone() end
  return copy
end

--- Names of the parameters that changed since a snapshot, sorted.
function small.moved(bank, snapshot)
  local names = {}
  for name, tensor in sorted_pairs(bank:parameters()) do
    if not torch.equal(tensor:detach(), snapshot[name]) then names[#names + 1] = name end
  end
  return names
end

--- `f(...)` must fail with a message that contains `text`.
function small.refused(text, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok, "no error; wanted: " .. text)
  assert(tostring(message):find(text, 1, true), tostring(message))
end

return small
