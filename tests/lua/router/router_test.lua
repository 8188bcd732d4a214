--- Router weights of source prompts, computed by hand.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

local function router(changes)
  local options = { tasks = { "rte", "sst2", "cola" }, sources = 2 }
  for key, value in pairs(changes or {}) do options[key] = value end
  return compt.router.relaxed_bernoulli(options)
end

--- Logits whose odds are 1 : 1, 3 : 1 and 1 : 3.
local function learned(changes)
  local r = router(changes)
  torch.no_grad(function()
    r.logits:copy_ { { 0, 0 }, { math.log(3), 0 }, { 0, math.log(3) } }
  end)
  return r
end

local function equal(tensor, wanted)
  assert(torch.allclose(tensor:detach(), torch.tensor(wanted), { atol = 1e-6 }), tostring(tensor))
end

local function sigmoid(x) return 1 / (1 + math.exp(-x)) end

return {
  ["at inference weights are the softmax of the logits"] = function()
    local r = learned()
    assert(table.concat(r.logits.shape, " ") == "3 2" and r.logits.requires_grad)
    equal(r:weights(), { { 0.5, 0.5 }, { 0.75, 0.25 }, { 0.25, 0.75 } })
    equal(r:weights({ 1, 3, 3 }), { { 0.5, 0.5 }, { 0.25, 0.75 }, { 0.25, 0.75 } })
    assert(torch.equal(r:weights({ 2 }), r:weights({ 2 })))
  end,

  ["tasks are counted from 1, or named"] = function()
    local r = learned()
    equal(r:weights "sst2", { { 0.75, 0.25 } })
    equal(r:weights(2), { { 0.75, 0.25 } })
    equal(r:weights(torch.tensor { 3, 1 }), { { 0.25, 0.75 }, { 0.5, 0.5 } })
    equal(r:weights { "cola", 1 }, { { 0.25, 0.75 }, { 0.5, 0.5 } })
    small.refused("Lua counts from 1", r.weights, r, 0)
    small.refused("no task 4: there are 3", r.weights, r, { 1, 4 })
    small.refused("did you mean 'sst2'?", r.weights, r, "sst")
    small.refused("did you mean 'train'?", r.weights, r, 1, { trian = true })
  end,

  ["other normalisations at inference"] = function()
    local a, b = sigmoid(math.log(3)), 0.5
    local function weights(eval) return learned({ eval = eval }):weights(2) end
    equal(weights "sigmoid", { { a, b } })
    equal(weights "sum", { { a / (a + b), b / (a + b) } })
    local e, f = math.exp(a), math.exp(b)
    equal(weights "softmax_sigmoid", { { e / (e + f), f / (e + f) } })
    small.refused("did you mean 'softmax'?", router, { eval = "softmx" })
  end,

  ["in training each example has a separate sample"] = function()
    torch.manual_seed(1)
    local r = learned { train = "none" }
    local many = {}
    for i = 1, 4000 do many[i] = 2 end
    local drawn = r:weights(many, { train = true, temperature = 1e-3 })
    assert(table.concat(drawn.shape, " ") == "4000 2")
    -- At temperature 0 a sample is 1 with the probability sigmoid(logit).
    local mean = drawn:mean(1):tolist()
    assert(math.abs(mean[1] - 0.75) < 0.03 and math.abs(mean[2] - 0.5) < 0.03)
    -- At a high one all samples are near a half.
    local hot = r:weights(many, { train = true, temperature = 1000 })
    assert((hot - 0.5):abs():max():item() < 0.01)
  end,

  ["the softmax of samples keeps weights within a factor of e"] = function()
    local weights = learned():weights({ 1, 2, 3, 1, 2, 3 }, { train = true, temperature = 0.5 })
    equal(weights:sum(2), { 1.0, 1, 1, 1, 1, 1 })
    assert(weights:min():item() >= 1 / (1 + math.exp(1)) - 1e-6)
    assert(weights.requires_grad)
    weights:select(2, 1):sum():backward()
  end,

  ["the seed determines the samples"] = function()
    local r = learned()
    local function draw(seed)
      torch.manual_seed(seed)
      return r:weights({ 1, 2, 3 }, { train = true })
    end
    assert(torch.equal(draw(5), draw(5)) and not torch.equal(draw(5), draw(6)))
  end,

  ["the temperature is a field"] = function()
    local r = router { temperature = 5 }
    assert(r.temperature == 5)
    r.temperature = 1e-3
    torch.manual_seed(2)
    local cold = r:weights({ 1, 1, 1 }, { train = true })
    torch.manual_seed(2)
    assert(torch.equal(cold, r:weights({ 1, 1, 1 }, { train = true, temperature = 1e-3 })))
    small.refused("temperature", r.weights, r, 1, { train = true, temperature = 0 })
  end,

  ["per = 'step' draws one sample per step"] = function()
    local r = router { per = "step", train = "none" }
    local drawn = r:weights({ 1, 2, 1, 3 }, { train = true })
    for i = 2, 4 do assert(torch.equal(drawn[1], drawn[i])) end
    small.refused("did you mean 'step'?", router, { per = "steps" })
  end,

  ["free and constant routers do not sample"] = function()
    local free = compt.router.free { tasks = 2, sources = 2 }
    torch.no_grad(function() free.logits:copy_ { { math.log(3), 0 }, { 0, 0 } } end)
    equal(free:weights({ 1, 2 }, { train = true }), { { 0.75, 0.25 }, { 0.5, 0.5 } })
    local constant = compt.router.constant { tasks = 2, sources = 4 }
    assert(constant.logits == nil)
    equal(constant:weights(2, { train = true }), { { 0.25, 0.25, 0.25, 0.25 } })
    small.refused("'sources' must be at least 1", compt.router.constant, { tasks = 2, sources = 0 })
  end,
}
