--- Methods are plain tables: what the paper publishes, and what the user says.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

return {
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

  ["what the user says wins"] = function()
    local method = compt.methods.ssum { sources = 1, lr = { source = 0.3 } }
    assert(method.sources == 1 and method.length == 20)
    assert(method.lr.source == 0.3 and method.lr.router == 0.1)
    assert(compt.methods.ssum().lr.source == 0.05)
  end,

  ["unknown names bring the nearest known one"] = function()
    small.refused("did you mean 'ssum'?", function() return compt.methods.sssum end)
    small.refused("did you mean 'sources'?", compt.methods.ssum, { source = 2 })
  end,

  ["the methods train what they should"] = function()
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

  ["a method needs what it composes"] = function()
    small.refused("the composition 'sum' needs sources", small.trainer, {
      method = compt.methods.ssum { sources = 0 },
    })
    small.refused("did you mean 'relaxed_bernoulli'?", small.trainer, {
      method = compt.methods.ssum { router = "relaxed_bernouli" },
    })
  end,
}
