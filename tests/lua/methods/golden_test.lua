--- Every method against plain PyTorch in float64 (tests/golden/methods.py): the composed prompt, the loss,
--- each gradient, and every parameter after the last step.
local compt = require "compt"
local torch = require "compt.torch"

local FOLDER = "tests/golden/methods"
local golden = torch.load(FOLDER .. "/golden.safetensors")

local function rows(texts)
  local list = {}
  for i, text in ipairs(texts) do list[i] = { text = text[1], label = text[2] } end
  return { train = list, test = list }
end

local backbone = compt.backbone(FOLDER .. "/backbone", {
  dtype = "float32", tokenizer = compt.tokenizer "stdlib/micro/backbone",
})
local tasks = compt.tasks({
  mood = {
    fields = { "text" }, labels = { "good", "bad" },
    rows = rows { { "mia likes the song .", "good" }, { "tom hates the old film .", "bad" } },
  },
  kind = {
    fields = { "text" }, labels = { "no", "yes" },
    rows = rows { { "the cat saw a dog .", "yes" }, { "a bird sang .", "no" }, { "no one came .", "no" } },
  },
}, { tasks = { "mood", "kind" } })

--- The error of a tensor relative to the largest expected value. (A gradient can be zero: adding a bias
--- to all keys changes no attention.)
local function off(found, wanted)
  assert(table.concat(found.shape, " ") == table.concat(wanted.shape, " "), "another shape")
  local scale = math.max(wanted:abs():max():item(), 0.05)
  return (found:detach() - wanted):abs():max():item() / scale
end

local function of_case(case, kind)
  local prefix, found = ("%s/%s/"):format(case, kind), {}
  for key, tensor in pairs(golden) do
    if key:sub(1, #prefix) == prefix then found[key:sub(#prefix + 1)] = tensor end
  end
  return found
end

local function check(case, steps, method)
  local groups = {}
  local function trainer(control)
    return compt.trainer {
      backbone = backbone, tasks = tasks, method = method, steps = steps, batch_size = 5, dropout = 0,
      clip = math.huge, max_source_length = 40, weight_decay = 0.01, optimizer = { kind = "adamw", eps = 0.1 }, progress = false,
      control = control,
    }
  end
  for _, p in ipairs(trainer(nil):parameters()) do groups[p.group] = 0.02 end
  local t = trainer { lr = groups }

  local init, count = of_case(case, "init"), 0
  for _, p in ipairs(t:parameters()) do
    local value = assert(init[p.name], case .. ": a parameter too many: " .. p.name)
    torch.no_grad(function() p.value:copy_(value) end)
    count = count + 1
  end
  for _ in pairs(init) do count = count - 1 end
  assert(count == 0, case .. ": parameters are missing")

  local worst = { prompt = 0, loss = 0, grad = 0, ["end"] = 0 }
  local function compare(kind, name, found, wanted)
    local error_ = off(found, wanted)
    worst[kind] = math.max(worst[kind], error_)
    assert(error_ <= 1e-5, ("%s: %s of %s is off by %g"):format(case, kind, name, error_))
  end
  -- Of the last stage: before it, a prompt is not composed as it will be.
  for task, wanted in pairs(of_case(case, "prompt")) do compare("prompt", task, t:prompt(task), wanted) end
  local loss, gradients = t:gradients()
  compare("loss", "step 1", torch.tensor(loss), golden[case .. "/loss"])
  for name, wanted in pairs(of_case(case, "grad")) do
    compare("grad", name, assert(gradients[name], case .. ": no gradient of " .. name), wanted)
    gradients[name] = nil
  end
  assert(next(gradients) == nil, case .. ": a gradient too many")
  local losses = golden[case .. "/losses"]
  for i = 1, t.total_steps do
    compare("loss", "step " .. i, torch.tensor(t:step().loss), losses[i])
  end
  assert(t.total_steps == #losses, case .. ": " .. t.total_steps .. " steps")
  for _, p in ipairs(t:parameters()) do compare("end", p.name, p.value, golden[case .. "/end/" .. p.name]) end
  print(("%s: prompts within %.1e, losses %.1e, gradients %.1e, parameters at the end %.1e"):format(
    case, worst.prompt, worst.loss, worst.grad, worst["end"]))
end

local m = compt.methods

--- Calls `f(...)` while a function of a module is another one, which is given the function that it replaces.
local function replaced(module, name, other, f, ...)
  local own = module[name]
  module[name] = function(...) return other(own, ...) end
  local ok, e = pcall(f, ...)
  module[name] = own
  assert(ok, e)
end

return {
  ["full fine-tuning"] = function() check("fine_tuning", 3, m.fine_tuning { shared = true, prefix = false }) end,
  ["P-tuning"] = function() check("p_tuning", 3, m.p_tuning { length = 3 }) end,
  ["LoRA"] = function() check("lora", 3, m.lora { rank = 2, alpha = 3 }) end,
  ["adapters"] = function() check("adapters", 3, m.adapters { width = 2 }) end,
  ["BitFit"] = function() check("bitfit", 3, m.bitfit {}) end,
  ["prefix tuning"] = function() check("prefix_tuning", 3, m.prefix_tuning { length = 3, hidden = 5 }) end,
  ["DePT"] = function() check("dept", 3, m.dept { length = 3, rank = 2, alpha = 3, positions = 40 }) end,
  ["SPoT"] = function() check("spot", 6, m.spot { length = 3, prefix = false }) end,
  ["SPoT, retrieved"] = function() check("spot_average", 12, m.spot { length = 3, retrieve = "average" }) end,
  ["ATTEMPT"] = function() check("attempt", 6, m.attempt { length = 3, width = 5 }) end,
  ["ATTEMPT-m"] = function() check("attempt_m", 6, m.attempt { length = 3, width = 5, shared = true }) end,
  ["MPT"] = function() check("mpt", 12, m.mpt { length = 3 }) end,
  ["MP2"] = function()
    replaced(torch, "rand", function(rand, ...)
      local rows, columns = ...
      if columns == 4 then return golden["mp2/u"]:expand(rows, -1) end
      return rand(...)
    end, check, "mp2", 12, m.mp2 { sources = 4, length = 3, rank = 5 })
  end,
  ["ULPT"] = function()
    replaced(require "compt.methods.parts", "projection", function() return golden["ulpt/projection"] end,
      check, "ulpt", 3, m.ulpt { length = 3, rank = 2 })
  end,
  ["residual prompt tuning"] = function() check("residual", 3, m.residual { length = 3, width = 5 }) end,
  ["residual prompt tuning, a network for each row"] = function()
    check("residual_separate", 3, m.residual { length = 3, width = 5, separate = true })
  end,
  ["SMoP"] = function()
    for top = 1, 2 do
      local case = "smop_" .. top
      replaced(torch, "randn", function(randn, ...)
        local shape = ...
        if type(shape) == "table" and shape[2] == 4 then return golden[case .. "/noise"]:expand(shape[1], -1) end
        return randn(...)
      end, check, case, 3, m.smop { prompts = 4, length = 3, top = top })
    end
  end,
  ["LOPA"] = function() check("lopa", 3, m.lopa { length = 3, rank = 2, width = 5 }) end,
  ["ADePT"] = function() check("adept", 3, m.adept { length = 3, rank = 2, dropout = 0 }) end,
  ["HPT"] = function() check("hpt", 9, m.hpt { length = 3, width = 5 }) end,
  ["groups of tasks"] = function()
    check("grouped", 3, m.grouped { length = 3, groups = { all = { "mood", inner = { "kind" } } } })
    check("grouped_alone", 3, m.grouped { length = 3, groups = { all = { "mood", "kind" } }, own = false })
    check("grouped_concat", 3, m.grouped { length = 3, groups = { all = { "mood", "kind" } }, join = "concat" })
  end,
  ["sources, pooled by their mean"] = function() check("mixed_mean", 3, m.mixed { sources = 2, length = 3 }) end,
  ["sources, pooled by their largest"] = function()
    check("mixed_max", 3, m.mixed { sources = 2, length = 3, mix = "max", join = "product" })
  end,
  ["sources in a row, a fixed share"] = function()
    check("mixed_concat", 3, m.mixed { sources = 2, length = 3, mix = "concat", share = 0.3 })
  end,
  ["sources through a mixer, a learned share"] = function()
    check("mixed_linear", 3, m.mixed { sources = 2, length = 3, mix = "linear", join = "concat", share = "learned" })
  end,
}
