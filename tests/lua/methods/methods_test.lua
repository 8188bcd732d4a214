--- Methods are plain tables: published settings and options of the user.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

return {
  ["the tables of a method are its own"] = function()
    for name, make in pairs { pt = compt.methods.pt, p_tuning = compt.methods.p_tuning, mcat = compt.methods.mcat, spot = compt.methods.spot } do
      local one, rates = make {}, {} ---@type compt.Method, table<string, number>
      for group, rate in pairs(one.lr) do rates[group], one.lr[group] = rate, 99 end
      if one.temperature then one.temperature[1] = 99 end
      local other = make { lr = {} }
      for group, rate in pairs(rates) do assert(make({}).lr[group] == rate and other.lr[group] == rate, name .. ": " .. group) end
      assert(not other.temperature or other.temperature[1] == 5)
    end
  end,

  ["the published settings"] = function()
    for name, wanted in sorted_pairs {
      ssum = { "sum", 3, 20 }, msum = { "product", 3, 20 }, mcat = { "concat", 3, 10 },
      pt = { "private", 0, 20 },
    } do
      local method = compt.methods[name]()
      assert(method.name == name and method.compose == wanted[1])
      assert(method.sources == wanted[2] and method.length == wanted[3])
      assert(method.encoder == "mlp" and method.init == "uniform" and method.placement == "append")
      assert(method.lr.router == 0.1 and method.lr.source == 0.05 and method.lr.private == 0.02)
      assert(method.warmup == 0.2 and method.temperature[1] == 5 and method.temperature[2] == 1e-3)
    end
    assert(compt.methods.pt().alone and not compt.methods.ssum().alone)
  end,

  ["options of the user override the defaults"] = function()
    local method = compt.methods.ssum { sources = 1, lr = { source = 0.3 } }
    assert(method.sources == 1 and method.length == 20)
    assert(method.lr.source == 0.3 and method.lr.router == 0.1)
    assert(compt.methods.ssum().lr.source == 0.05)
  end,

  ["errors of unknown names suggest the nearest name"] = function()
    small.refused("did you mean 'ssum'?", function() return compt.methods.sssum end)
    small.refused("did you mean 'sources'?", compt.methods.ssum, { source = 2 })
  end,

  ["the methods train the correct groups"] = function()
    local function groups(method)
      local counts = {}
      for _, row in ipairs(small.trainer({ method = method }):parameters()) do
        counts[row.group] = (counts[row.group] or 0) + row.count
      end
      return counts
    end
    local prompt, encoder = 3 * 16, 2 * (16 * 16 + 16)
    local ssum = groups(compt.methods.ssum { sources = 2, length = 3 })
    assert(ssum.router == 3 * 2)
    assert(ssum.source == 2 * (prompt + encoder) and ssum.private == 3 * (prompt + encoder))
    local mcat = groups(compt.methods.mcat { sources = 2, length = 3, router = "constant" })
    assert(mcat.router == nil and mcat.private == 3 * (2 * prompt + encoder))
    local pt = groups(compt.methods.pt { length = 3, encoder = "none" })
    assert(pt.router == nil and pt.source == nil and pt.private == 3 * prompt)
  end,

  ["the composed prompts follow their formulas"] = function()
    local function parts(method)
      local trainer = small.trainer { method = method }
      trainer:step()
      local bank = trainer.bank
      local sources = torch.stack { bank:source(1), bank:source(2) }
      return trainer, bank:private(2):unsqueeze(1), sources, trainer.router:weights(2)
    end
    for name, operator in sorted_pairs { ssum = "sum", msum = "product", mcat = "concat" } do
      local trainer, private, sources, weights = parts(compt.methods[name] {
        sources = 2, length = 3, router = { eval = "softmax_sigmoid" },
      })
      local wanted = compt.compose[operator](private, sources, weights)
      assert(torch.allclose(trainer:prompt(2), wanted[1], { atol = 1e-6 }), name)
      assert(torch.equal(trainer:prompt(2), trainer:prompt "sentiment"))
    end
  end,

  ["unknown keys of a method are errors"] = function()
    local function own(more)
      local method = { name = "own", lr = { a = 0.1 }, build = function(setup)
        local p = setup:parameter("a", "p", setup:prompt(3))
        return { give = function(batch) return batch:each(function() return p end) end }
      end }
      for key, value in pairs(more) do method[key] = value end
      return method
    end
    local function refused(text, method) small.refused(text, small.trainer, { method = method }) end
    refused("method 'own': unknown option 'wramup'", own { wramup = 0.1 })
    refused("did you mean 'weight_decay'?", own { weight_deacy = 0.1 })
    refused("unknown option '1'", own { "ssum" })
    refused("'length' is not for a method with 'build'", own { length = 3 })
    refused("'router' is not for a method with 'backbone'", { backbone = true, router = "free" })
    refused("did you mean 'build'?", { name = "own", buidl = function() end, lr = {} })
    refused("did you mean 'sources'?", { compose = "sum", source = 2, lr = { private = 0.1 } })
    refused("lr: unknown parameter group 'privat'", { compose = "private", lr = { privat = 0.1 } })
    refused("lr: unknown parameter group 'aa'", own { lr = { a = 0.1, aa = 0.1 } })
    refused("lr.a must be a number, 0 or more, got \"fast\"", own { lr = { a = "fast" } })
    refused("use 'control' of the trainer", own { lr = { a = compt.schedule.constant(1) } })
    refused("lr must be a table", own { lr = 0.1 })
    refused("warmup must be a share", own { warmup = 7 })
    refused("alone must be true or false", own { alone = "no" })
    refused("temperature: unknown key 'from'", own { temperature = { from = 5, to = 1 } })
    refused("temperature: unknown key '3'", own { temperature = { 5, 1, 0.1 } })
    refused("temperature[2] must be a number above 0, got nil", own { temperature = { 5 } })
    refused("length must be a whole number", compt.methods.ssum { length = 2.5 })
    refused("placement must be", own { placement = "before" })
    refused("settings must be a table", own { settings = 3 })
    small.refused("unknown parameter group 'privat'", compt.methods.ssum, { lr = { privat = 0.1 } })
    small.refused("takes at most 1 argument, got 2", compt.methods.ssum, {}, {})
    small.refused("takes at most 1 argument, got 2", compt.methods.lora, {}, {})
    small.refused("expected a table, got a string", compt.methods.pt, "p")
    -- Later changes of a method of the library are checked, too.
    local changed = compt.methods.lora { rank = 1 }
    changed.rnak = 2
    refused("did you mean 'rank'?", changed)
    -- All that may be there.
    small.trainer { method = own {
      settings = { rank = 2 }, warmup = 0.1, temperature = { 5, 1 }, init = "uniform", placement = "prepend",
      alone = false, optimizer = "adamw", weight_decay = 0,
    } }
    for _, name in ipairs { "ssum", "mcat", "pt", "p_tuning", "fine_tuning", "lora", "attempt", "mp2", "mixed" } do
      local copy = {}
      for key, value in pairs(compt.methods[name] {}) do copy[key] = value end
      local backbone = copy.backbone and compt.backbone("micro", { dtype = "float32" }) or nil
      small.trainer { method = copy, steps = 12, backbone = backbone }
    end
  end,

  ["the trainer checks the functions of a method"] = function()
    local function refused(text, give, more)
      local method = { name = "own", lr = { a = 0.1 }, build = function(setup)
        local p = setup:parameter("a", "p", setup:prompt(3))
        local plan = { give = function(batch) return give(batch:each(function() return p end), batch) end }
        for key, value in pairs(more or {}) do plan[key] = value end
        return plan
      end }
      if text then return small.refused(text, small.trainer, { method = method }) end
      return small.trainer { method = method }
    end
    refused("give: the result does not depend on a parameter", function(prompt) return prompt:detach() end)
    refused("does not depend on a parameter", function(prompt, batch)
      return { prompt = prompt:detach(), shift = batch:embeddings() }
    end)
    refused("the prompt is float64 on cpu where float32 on cpu", function(prompt) return prompt:double() end)
    refused("the prompt is int64", function(prompt) return prompt:long() end)
    refused("not while training", function(prompt, batch)
      if batch.training then error "not while training" end
      return prompt
    end)
    local place = "encoder.block.0.layer.0.layer_norm"
    refused("'scale' needs 'low_rank'", function() return { changes = { [place] = { scale = 2, bias = torch.ones(16) } } } end)
    refused("'activation' needs 'bottleneck'", function() return { changes = { [place] = { activation = "relu" } } } end)
    -- With a custom loss, gradients can have other sources.
    refused(nil, function(prompt) return prompt:detach() end, { loss = function(_, out) return out.loss end })
  end,

  ["a method needs the prompts that it composes"] = function()
    small.refused("the composition 'sum' needs sources", small.trainer, {
      method = compt.methods.ssum { sources = 0 },
    })
    small.refused("did you mean 'relaxed_bernoulli'?", small.trainer, {
      method = compt.methods.ssum { router = "relaxed_bernouli" },
    })
  end,
}
