--- Routers in Lua: trained, isolated, shown, and refused where they are wrong.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

local function equal(tensor, wanted)
  assert(torch.allclose(tensor:detach(), torch.tensor(wanted), { atol = 1e-6 }), tostring(tensor))
end

local function logits(context) return { logits = { shape = { #context.tasks, context.sources } } } end

--- The router "free", written in Lua.
local free = {
  parameters = logits,
  weights = function(context) return torch.softmax(context.parameters.logits:index_select(1, context.task), -1) end,
}

--- Attention of the mean input over the source prompts.
local attention = {
  inputs = true,
  parameters = function(context) return { query = { shape = { context.d_model, context.d_model }, init = "normal" } } end,
  weights = function(context)
    local mean = context.embeddings:sum(2) / context.mask:sum(2, { keepdim = true })
    local keys = context.source_prompts:mean(2)
    local scores = torch.einsum("bd,de,se->bs", mean, context.parameters.query, keys)
    return torch.softmax(scores:masked_fill(context.excluded, -math.huge), -1)
  end,
}

local function trainer(router, more)
  local options = { sources = 2, length = 3, router = router, warmup = 0 }
  local method = more and more.method or "ssum"
  for key, value in pairs(more or {}) do if key ~= "method" then options[key] = value end end
  return small.trainer { method = compt.methods[method](options) }
end

local function parameter(t, name)
  for _, p in ipairs(t:parameters()) do if p.name == name then return p end end
  error("no parameter " .. name)
end

local function set(t, name, value) torch.no_grad(function() parameter(t, name).value:copy_(value) end) end

return {
  ["a router in Lua trains like the built-in one of its formula"] = function()
    compt.router.define("my_free", free)
    for _, method in ipairs { "ssum", "msum", "mcat" } do
      local built_in, own = trainer("free", { method = method }), trainer("my_free", { method = method })
      small.same(small.losses(own, 6), small.losses(built_in, 6))
      local p = parameter(own, "router.logits")
      assert(p.group == "router" and torch.allclose(p.value, built_in.router.logits, { atol = 1e-6 }))
      for _, options in ipairs {
        { only = "src0" }, { without = "src1" }, { only = "src1", weights = "as_learned" },
      } do
        local a, b = own:evaluate("test", options), built_in:evaluate("test", options)
        assert(a.average == b.average)
      end
      assert(own.router.kind == "my_free" and own.router.logits)
      assert(tostring(own.router):gsub("my_free", "free") == tostring(built_in.router))
      assert(torch.allclose(own:prompt(2), built_in:prompt(2), { atol = 1e-6 }))
    end
    -- The function or the table itself, and top_k.
    local losses = small.losses(trainer(free, { top_k = 1 }), 3)
    small.same(losses, small.losses(trainer("free", { top_k = 1 }), 3))
  end,

  ["a context has what its documentation says"] = function()
    local seen = {}
    local t = trainer(function(context)
      seen[context.phase] = { temperature = context.temperature, task = context.task:tolist() }
      assert(table.concat(context.tasks, " ") == "nli2 sentiment similarity" and context.sources == 2)
      assert(context.length == 3 and context.private_length == 3 and context.d_model == 16)
      local rows = #context.task
      assert(table.concat(context.private_prompts.shape, " ") == rows .. " 3 16")
      assert(table.concat(context.source_prompts.shape, " ") == "2 3 16")
      assert(context.excluded.dtype == "bool" and next(context.parameters) == nil)
      return torch.full({ rows, 2 }, 0.5)
    end)
    local report = t:step()
    assert(seen.train.temperature == report.temperature and report.temperature > 1 and seen.eval.temperature == nil)
    t:prompt(2)
    assert(table.concat(seen.eval.task, " ") == "1 2 3")
    -- The temperature of a router that does not read it is not reported.
    assert(trainer(free):step().temperature == nil)
  end,

  ["the weights of excluded source prompts are 0 by either rule"] = function()
    local r = trainer({
      parameters = { gate = { 2.0, -1.0 } }, normalised = false,
      weights = function(context)
        return torch.sigmoid(context.parameters.gate):unsqueeze(1):expand(#context.task, 2)
      end,
    })
    -- A gate stays as it is: with a sum, the isolated prompt is the gate times the source.
    local t = trainer(free)
    set(t, "router.logits", { { 2, 0 }, { 0, 0 }, { 0, 1 } })
    equal(t.router:weights(1), { { 1 / (1 + math.exp(-2)), 1 / (1 + math.exp(2)) } })
    assert(r:evaluate("test", { only = "src0" }).counts.nli2 == 6)
    local sparse = trainer("sparsemax")
    set(sparse, "router.logits", { { 2, 0 }, { 0, 0 }, { 0, 1 } })
    equal(sparse.router:weights(), { { 1, 0 }, { 0.5, 0.5 }, { 0, 1 } })
    assert(sparse:evaluate("test", { only = "src1" }).counts.nli2 == 6)
    -- One that does not look at `excluded` cannot renormalise a weight of 0.
    local blind = trainer { parameters = { x = { 0.0 } }, weights = function(context)
      return (torch.tensor { { 1, 0 } } + 0 * context.parameters.x):expand(#context.task, 2)
    end }
    small.refused("the remaining source prompts have no weight", blind.evaluate, blind, "test", { only = "src1" })
    blind:evaluate("test", { only = "src1", weights = "as_learned" })
    small.refused("it normalises its weights itself: 'sum' cannot replace that", t.evaluate, t, "test", { normalise = "sum" })
  end,

  ["weights that depend on the input"] = function()
    for _, method in ipairs { "ssum", "msum", "mcat" } do
      local t = trainer(attention, { method = method, encoder = "none" })
      small.losses(t, 3)
      assert(t:evaluate("test").counts.sentiment == 6)
      local only, one = t:evaluate("test", { only = "src0" }), t:evaluate("test", { without = "src1" })
      assert(only.counts.nli2 == 6 and one.counts.nli2 == 6)
      assert(parameter(t, "router.query").group == "router")
      local w = t.router:weights(2, { text = { "mia likes the song .", "a dog ." } })
      assert(table.concat(w.shape, " ") == "2 2" and not torch.equal(w[1], w[2]))
      equal(w:sum(2), { 1.0, 1 })
      assert(tostring(t.router):find "depend on the input")
      small.refused("there is a row of weights for each input", t.router.weights, t.router, 1)
      small.refused("prompts depend on the input", t.prompt, t, 1)
      small.refused("3 texts for 2 tasks", t.router.weights, t.router, { 1, 2 }, { text = { "a", "b", "c" } })
    end
    local t = trainer(free)
    small.refused("does not read inputs", t.router.weights, t.router, 1, { text = { "a" } })
    -- A row has the prompt of its own weights: by hand, from those of its text.
    local rows = { { text = "mia likes the song .", label = "good" }, { text = "a dog .", label = "bad" } }
    local tasks = compt.tasks({ mood = { fields = { "text" }, labels = { "good", "bad" }, rows = { train = rows, test = rows } } }, {})
    local seen
    local own = compt.trainer {
      backbone = small.backbone(), tasks = tasks, steps = 1, batch_size = 2, progress = false,
      method = compt.methods.ssum { sources = 2, length = 3, router = attention,
        compose = function(p, s, w)
          seen = w:tolist()
          return p + torch.einsum("bs,smd->bmd", w, s)
        end },
    }
    own:evaluate "test"
    local wanted = own.router:weights(1, { text = { "text: mia likes the song .", "text: a dog ." } })
    local found = torch.tensor(seen)
    assert(torch.allclose(torch.sort(found, 1), torch.sort(wanted:detach(), 1), { atol = 1e-5 }), tostring(found))
  end,

  ["Gumbel-softmax and sparsemax have the values of their references"] = function()
    local golden = torch.load "tests/golden/routers.safetensors"
    local function weights(kind, phase, options)
      local definition = require("compt.routers." .. kind)
      local leaf = golden.logits:clone():requires_grad_(true)
      local excluded = torch.tensor { false, phase == "without", false, false }
      local rand = torch.rand
      torch.rand = function() return golden.u end
      local ok, found = pcall(definition.weights, {
        parameters = { logits = leaf }, task = golden.rows, phase = phase, temperature = 0.7, excluded = excluded,
        options = options, sources = 4,
      })
      torch.rand = rand
      assert(ok, found);
      (found * golden.cotangent):sum():backward()
      return found, leaf.grad
    end
    for _, case in ipairs {
      { "gumbel.soft", "gumbel", "train", { hard = false } }, { "gumbel.hard", "gumbel", "train", { hard = true } },
      { "gumbel.eval", "gumbel", "eval", { hard = false } }, { "sparsemax", "sparsemax", "train" },
      { "sparsemax.without", "sparsemax", "without" },
    } do
      local found, slope = weights(case[2], case[3], case[4])
      for what, tensor in pairs { weights = found:detach(), grad = slope } do
        local wanted = golden[case[1] .. "/" .. what]
        assert(torch.allclose(tensor, wanted, { atol = 2e-6 }), ("%s %s: %s"):format(case[1], what, tostring(tensor - wanted)))
      end
    end
    for _, kind in ipairs { "gumbel", "sparsemax" } do
      local t = trainer(kind)
      small.losses(t, 6)
      assert(parameter(t, "router.logits").value:detach():abs():max():item() > 0)
    end
    local hard = compt.router.gumbel { tasks = 2, sources = 3, hard = true }
    local drawn = hard:weights({ 1, 2, 1, 2 }, { train = true, temperature = 0.1 })
    equal(drawn:amax(2), { 1.0, 1, 1, 1 })
    equal(drawn:sum(2), { 1.0, 1, 1, 1 })
    small.refused("unknown option 'hrad'", compt.router.gumbel, { tasks = 2, sources = 3, hrad = true })
    small.refused("did you mean 'hard'?", trainer, { kind = "gumbel", hrad = true })
    small.refused("option 'hard' must be like its default false, got 1", trainer, { kind = "gumbel", hard = 1 })
    small.refused("'sources' must be at least 1", compt.router.gumbel, { tasks = 2, sources = 0 })
  end,

  ["wrong weights are refused with the line of the router"] = function()
    local function refused(text, router) small.refused(text, trainer, router) end
    local function returns(f, parameters)
      return { parameters = parameters, weights = f }
    end
    refused("router 'function' (tests/lua/router/define_test.lua:", returns(function() return torch.ones(2) end))
    refused("it returned [2] where [3, 2] is expected", returns(function() return torch.ones(2) end))
    refused("returned a tensor of int64", returns(function(c) return torch.ones(#c.task, 2):long() end))
    refused("not finite", returns(function(c) return torch.zeros(#c.task, 2) / 0 end))
    refused("the weights of row 1 sum to 2.0000, not to 1", returns(function(c) return torch.ones(#c.task, 2) end))
    refused("put `normalised = false`", returns(function(c) return torch.ones(#c.task, 2) end))
    refused("do not depend on its parameters", returns(function(c) return torch.full({ #c.task, 2 }, 0.5) end, { x = 1 }))
    refused("do not depend on the parameter 'y'", returns(function(c)
      return torch.softmax(c.parameters.x:unsqueeze(1):expand(#c.task, 2), -1)
    end, { x = { 0.0, 0.0 }, y = 1 }))
    refused("the context has no field 'tsk' (did you mean 'task'?)", function(c) return c.tsk end)
    refused("there is no parameter 'lgits' (did you mean 'logits'?)", returns(function(c) return c.parameters.lgits end, logits))
    refused("the router reads 'mask' and does not say so", function(c) return c.mask end)
    refused("define_test.lua:", function(c) return c.mask end)
    refused("a batch of one row: ", function(c)
      if #c.task == 1 then error "two rows, please" end
      return torch.full({ #c.task, 2 }, 0.5)
    end)
    refused("unknown router 'spasemax'", "spasemax")
    refused("did you mean 'sparsemax'?", "spasemax")
    -- What goes wrong later is found at the first step or evaluation.
    local calls = 0
    local t = trainer(function(c)
      calls = calls + 1
      return torch.full({ #c.task, 2 }, calls > 4 and 1.0 or 0.5)
    end)
    small.refused("sum to 2.0000", t.step, t)
  end,

  ["definitions are checked"] = function()
    local function refused(text, router) small.refused(text, compt.router.define, "new", router) end
    refused("unknown option 'wieghts'", { weights = function() end, wieghts = 1 })
    refused("option 'weights' is missing", { parameters = {} })
    refused("option 'inputs' must be a boolean", { weights = function() end, inputs = 1 })
    refused("options: 'temperature' is an option of every router", { weights = function() end, options = { temperature = 1 } })
    refused("got a number", 3)
    small.refused("'gumbel' is a router of compt", compt.router.define, "gumbel", free)
    small.refused("'free' is a router of compt", compt.router.define, "free", free)
    compt.router.define("alone", free)
    local r = compt.router.alone { tasks = { "a", "b" }, sources = 3 }
    equal(r:weights "b", { { 1 / 3, 1 / 3, 1 / 3 } })
    assert(tostring(r):find "router%(alone: 2 tasks, 3 sources")
    compt.router.define("wide", attention)
    small.refused("'d_model' is known in a trainer only", compt.router.wide, { tasks = 2, sources = 2 })
    compt.router.define("scaled", { options = { factor = 2 }, parameters = logits, weights = function(c)
      return torch.softmax(c.parameters.logits:index_select(1, c.task) * c.options.factor, -1)
    end })
    local t = trainer { kind = "scaled", factor = 3 }
    set(t, "router.logits", { { 1, 0 }, { 0, 0 }, { 0, 0 } })
    equal(t.router:weights(1), { { 1 / (1 + math.exp(-3)), 1 / (1 + math.exp(3)) } })
  end,
}
