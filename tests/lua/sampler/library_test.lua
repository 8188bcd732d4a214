--- The samplers of the library: their probabilities against the code they follow, and what they refuse.
local compt = require "compt"
local small = require "tests.lua.small"
local golden = dofile "tests/golden/samplers.lua"

local function shares(weights)
  local sum, scaled = 0, {}
  for _, weight in ipairs(weights) do sum = sum + weight end
  for i, weight in ipairs(weights) do scaled[i] = weight / sum end
  return scaled
end

local function probabilities(kind, rows, context)
  local sampler = require("compt.samplers." .. kind)
  local options = {}
  for name, default in pairs(sampler.options) do options[name] = context[name] or default end
  context.options = options
  return shares(sampler.weights(rows, context))
end

return {
  ["tasks are mixed as by seqio's mixing_rate_num_examples"] = function()
    for _, case in ipairs(golden.temperature) do
      -- Tasks of the same proportions, with few rows: the rate is computed from their true sizes.
      local rows, context = {}, { task_sizes = {}, temperature = case.temperature, limit = case.limit }
      for i, size in ipairs(case.sizes) do
        context.task_sizes["task" .. i] = size
        rows[i] = { task = "task" .. i }
      end
      local weights = require("compt.samplers.temperature").weights
      context.options = { temperature = case.temperature, limit = case.limit }
      local found = weights(rows, context)
      for i, size in ipairs(case.sizes) do found[i] = found[i] * size end
      small.same(shares(found), case.wanted, 1e-12)
    end
  end,

  ["hard rows have the probabilities of online batch selection"] = function()
    for _, case in ipairs(golden.hard) do
      local rows = {}
      for i, loss in ipairs(case.losses) do rows[i] = { loss = loss } end
      small.same(probabilities("hard", rows, case), case.wanted, 1e-12)
    end
    -- Rows that were not in a batch come first, and share their probability.
    local p = probabilities("hard", { { loss = 1 }, {}, { loss = 2 }, {} }, { progress = 0, pressure = 16 })
    local fall = shares { 1, 16 ^ -0.25, 16 ^ -0.5, 16 ^ -0.75 }
    small.same(p, { fall[4], (fall[1] + fall[2]) / 2, fall[3], (fall[1] + fall[2]) / 2 }, 1e-12)
  end,

  ["short rows come first, by the competence of Platanios et al."] = function()
    for _, case in ipairs(golden.short_first) do
      local rows = {}
      for i, tokens in ipairs(case.tokens) do rows[i] = { tokens = tokens } end
      small.same(probabilities("short_first", rows, case), case.wanted, 1e-12)
    end
  end,

  ["each trains, with tasks in the batches as its probabilities say"] = function()
    for _, kind in ipairs { "hard", "short_first", "temperature" } do
      local losses = small.losses(small.trainer { sampler = kind, steps = 8, batch_size = 8 }, 8)
      assert(losses[8] < losses[1], kind)
    end
    -- At a high temperature two tasks of 16 and 4 rows are equally likely; at 1 they are not.
    local function share(temperature)
      local tasks = small.tasks { tasks = { "nli2" }, shots = 16 } + small.tasks { tasks = { "sentiment" }, shots = 4 }
      local t = small.trainer { tasks = tasks, steps = 40, batch_size = 10, sampler = { temperature = temperature } }
      local count = 0
      for _ = 1, 40 do count = count + (t:step().tasks.sentiment or 0) end
      return count / 400
    end
    local proportional, even = share(1), share(1000)
    assert(math.abs(proportional - 0.2) < 0.07 and math.abs(even - 0.5) < 0.08, proportional .. " " .. even)
  end,

  ["options out of range are refused by name"] = function()
    local function refused(text, sampler) small.refused(text, small.trainer, { sampler = sampler }) end
    refused("'temperature' must be above 0, not 0", { temperature = 0 })
    refused("'temperature' must be above 0, not -1", { kind = "temperature", temperature = -1 })
    refused("'limit' must be at least 0", { temperature = 2, limit = -5 })
    refused("'pressure' must be at least 1, not 0.5", { kind = "hard", pressure = 0.5 })
    refused("'start' must be in (0, 1], not 0", { kind = "short_first", start = 0 })
    refused("'all_by' must be in (0, 1], not 2", { kind = "short_first", all_by = 2 })
    refused("sampler 'hard': unknown option 'presure'", { kind = "hard", presure = 2 })
    refused("did you mean 'pressure'?", { kind = "hard", presure = 2 })
    refused("option 'pressure' must be like its default", { kind = "hard", pressure = "big" })
    refused("unknown sampler 'hrad'", "hrad")
    refused("did you mean 'hard'?", "hrad")
    refused("'every' is \"epoch\" or a number of steps from 1, not 0", { kind = "hard", every = 0 })
    refused("'every' is \"epoch\" or a number of steps from 1, not 1.5", { kind = "hard", every = 1.5 })
    -- A mix of tasks that are trained one at a time would change nothing.
    small.refused("it mixes tasks, and they are trained one at a time", small.trainer, {
      sampler = { temperature = 2 }, method = compt.methods.pt { length = 2 },
    })
  end,
}
