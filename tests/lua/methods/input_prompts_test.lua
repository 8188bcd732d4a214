--- Methods whose prompts depend on the input, are reparametrised or belong to groups of tasks: their published sizes, what
--- they begin with, and what is refused. Their values: golden_test.lua.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

local m = compt.methods

local function count(trainer)
  local sum = 0
  for _, p in ipairs(trainer:parameters()) do sum = sum + p.count end
  return sum
end

local function parameter(t, name)
  for _, p in ipairs(t:parameters()) do if p.name == name then return p.value end end
  error("no parameter " .. name)
end

return {
  ["at T5-base's width the sizes are the published ones"] = function()
    local base = small.backbone { d_model = 768, d_kv = 64, num_heads = 12, d_ff = 64 }
    local one = small.tasks { tasks = { "nli2" } }
    local function size(method) return count(small.trainer { backbone = base, tasks = one, method = method }) end
    assert(size(m.ulpt { length = 100, rank = 2 }) == 1736)
    assert(size(m.adept { length = 60, rank = 19 }) == 76051)
    assert(size(m.smop { prompts = 4, length = 5 }) == 20 * 768 + 4 * 768)
    local network = 768 * 800 + 800 + 800 * 768 + 768 + 2 * 768
    assert(size(m.residual {}) == 10 * 768 + network)
    assert(size(m.residual { separate = true }) == 10 * 768 + 10 * network)
    assert(size(m.lopa { width = 64 }) == 10 * 768 + 2 * (768 * 64 + 64) + (10 * 4 + 768 * 4) * 65)
  end,

  ["ULPT's projection is that of its option, whatever the seed of the run"] = function()
    local parts = require "compt.methods.parts"
    local first = parts.projection(0, 2, 16)
    assert(torch.equal(first, parts.projection(0, 2, 16)) and not torch.equal(first, parts.projection(1, 2, 16)))
    assert(first:abs():max():item() <= (6 / 18) ^ 0.5 and first:std():item() > 0.2)
    local prompts = {}
    for seed = 1, 2 do
      local t = small.trainer { method = m.ulpt { length = 3 }, seed = seed }
      local z, scale, shift = parameter(t, "private.nli2.z"), parameter(t, "private.nli2.scale"), parameter(t, "private.nli2.shift")
      assert(torch.equal(scale:detach(), torch.ones(16)) and torch.equal(shift:detach(), torch.zeros(16)))
      prompts[seed] = t:prompt "nli2"
      assert(torch.allclose(prompts[seed], torch.matmul(z:detach(), first), { atol = 1e-6 }))
    end
    assert(not torch.equal(prompts[1], prompts[2]))
  end,

  ["SMoP's routers begin with orthonormal rows, and noise is for training only"] = function()
    local t = small.trainer { method = m.smop {} }
    local w = parameter(t, "router.nli2"):detach()
    assert(torch.allclose(torch.matmul(w, w:t()), torch.eye(4), { atol = 1e-5 }))
    local a, b = t:evaluate("test").predictions, t:evaluate("test").predictions
    for i, row in ipairs(a.nli2) do assert(row.prediction == b.nli2[i].prediction) end
    small.refused("17 prompts have no orthogonal rows of width 16", small.trainer, { method = m.smop { prompts = 17 } })
    small.refused("'top' is 5 of 4 prompts", small.trainer, { method = m.smop { top = 5 } })
  end,

  ["prompts of inputs cannot be exported, those of tasks can"] = function()
    for _, name in ipairs { "smop", "lopa", "adept" } do
      local t = small.trainer { method = m[name] {} }
      t:step()
      small.refused("no complete prompt per task", t.prompt, t, 1)
      assert(t:evaluate("test").counts.sentiment == 6)
    end
    for _, name in ipairs { "ulpt", "residual" } do
      local t = small.trainer { method = m[name] { length = 3, alone = false } }
      small.losses(t, 2)
      assert(table.concat(t:prompt(1).shape, " ") == "3 16", name)
    end
    -- ADePT begins as prompt tuning: its shift is 0.
    local t, pt = small.trainer { method = m.adept { length = 3 } }, small.trainer {
      method = m.pt { length = 3, encoder = "none", init = "vocabulary", placement = "prepend" },
    }
    for _, task in ipairs { "nli2", "sentiment", "similarity" } do
      torch.no_grad(function() parameter(t, "private." .. task):copy_(parameter(pt, ("private.%s.embedding"):format(task))) end)
    end
    assert(math.abs(t:gradients() - pt:gradients()) < 1e-5)
  end,

  ["tasks of a group share its prompt"] = function()
    local groups = { pairs = { "nli2", inner = { "similarity" } }, opinions = { "sentiment" } }
    local t = small.trainer { method = m.grouped { length = 3, groups = groups }, batch_size = 24 }
    local function value(name) return parameter(t, name):detach() end
    local wanted = value "group.pairs" + value "group.inner" + value "private.similarity"
    assert(torch.allclose(t:prompt "similarity", wanted, { atol = 1e-6 }))
    assert(torch.allclose(t:prompt "nli2", value "group.pairs" + value "private.nli2", { atol = 1e-6 }))
    t:step()
    local shared = small.trainer { method = m.grouped { length = 3, own = false, groups = { all = { "nli2", "sentiment", "similarity" } } } }
    assert(torch.equal(shared:prompt(1), shared:prompt(3)) and count(shared) == 48)
    local row = small.trainer { method = m.grouped { length = 3, join = "concat", groups = { all = { "nli2", "sentiment", "similarity" } } } }
    assert(table.concat(row:prompt(1).shape, " ") == "6 16")
    local function refused(text, options) small.refused(text, small.trainer, { method = m.grouped(options) }) end
    refused("'groups' is empty", {})
    refused("unknown task 'nli'", { groups = { a = { "nli" } } })
    refused("the task 'nli2' is in two groups", { groups = { a = { "nli2" }, b = { "nli2" } } })
    refused("the task 'nli2' is in no group: write NAME", { groups = { "nli2" } })
    refused("two groups are called 'b'", { groups = { a = { b = { "nli2" } }, b = { "sentiment" } } })
    refused("the task 'sentiment' is in no group, and has no prompt", { own = false, groups = { a = { "nli2", "similarity" } } })
    refused("every task needs the same number of groups", { join = "concat", groups = { a = { "nli2" } } })
    refused("did you mean 'concat'?", { join = "concta", groups = { a = { "nli2" } } })
  end,
}
