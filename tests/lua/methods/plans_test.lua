--- Plans: their content, their sizes, and errors before training.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

local m = compt.methods

--- A custom method with this `build`.
local function own(build, extra)
  local method = { name = "own", build = build, init = "vocabulary", lr = { a = 0.1, b = 0.1 } }
  for key, value in pairs(extra or {}) do method[key] = value end
  return method
end

local function refused(text, method, changes)
  local options = { method = method }
  for key, value in pairs(changes or {}) do options[key] = value end
  small.refused(text, small.trainer, options)
end

local function prompt_of(setup)
  local p = setup:parameter("a", "p", setup:prompt(3))
  return function(batch) return batch:each(function() return p end) end
end

--- The number of elements of some groups.
local function count(trainer, groups)
  local sum = 0
  for _, p in ipairs(trainer:parameters()) do
    if not groups or groups[p.group] then sum = sum + p.count end
  end
  return sum
end

return {
  ["at T5-base's width the sizes are the published ones"] = function()
    local base = small.backbone { d_model = 768, d_kv = 64, num_heads = 12, d_ff = 64, num_layers = 2, num_decoder_layers = 2 }
    local one = small.tasks { tasks = { "nli2" } }
    local function size(method, groups, tasks)
      return count(small.trainer { backbone = base, tasks = tasks or one, method = method, steps = 100 }, groups)
    end
    assert(size(m.pt { length = 100, encoder = "none" }) == 76800)
    assert(size(m.attempt { length = 100 }, { private = true, attention = true }) == 231936)
    local eight = compt.tasks("micro", { shots = 2, max_test = 2 })
    local shared = size(m.attempt { length = 100, shared = true }, { private = true, attention = true }, eight)
    assert(shared // 8 == 96192, shared / 8)
    assert(size(m.mpt { length = 100 }, { shared = true, private = true }) == 77668)
    assert(size(m.mpt { length = 100 }, { shared = true, private = true }, eight) == 76800 + 8 * 868)
    assert(size(m.dept { length = 40, rank = 45 }) == 30720 + 45 * (256 + 768))
    -- Two layers of T5-base's twelve: a sixth of its 884,736.
    assert(size(m.lora {}) == 884736 // 6)
    assert(size(m.adapters {}) == (2 * 768 * 24 + 24 + 768) * 8 + 768 * (2 * 2 + 2 * 3 + 2))
    assert(size(m.spot { length = 100 }, { private = true }) == 76800)
  end,

  ["only what a method trains has gradients"] = function()
    local t = small.trainer { method = m.mpt { length = 2 }, steps = 12 }
    local _, gradients = t:gradients()
    for name in pairs(gradients) do assert(name:find "^teacher%.nli2", name) end
    assert(gradients["teacher.nli2"])
    local alone = small.trainer { method = m.lora { rank = 1 } }
    _, gradients = alone:gradients()
    for name in pairs(gradients) do assert(name:find "^lora%.nli2%.", name) end
    local before = {}
    for _, p in ipairs(alone:parameters()) do before[p.name] = p.value:detach():clone() end
    alone:step()
    for _, p in ipairs(alone:parameters()) do
      assert(p.name:find "^lora%.nli2%." or torch.equal(p.value:detach(), before[p.name]), p.name)
    end
    assert(tostring(alone:parameters()):find("in all", 1, true))
  end,

  ["stages are reported and have separate rates"] = function()
    local t = small.trainer { method = m.mp2 { sources = 2, length = 2, rank = 3, warmup = 0 }, steps = 8 }
    local seen = {}
    for _ = 1, t.total_steps do
      local report = t:step()
      local groups = {}
      for group in sorted_pairs(report.lr) do groups[#groups + 1] = group end
      seen[#seen + 1] = report.stage .. ":" .. table.concat(groups, "+")
    end
    assert(table.concat(seen, " ") == ("pre-training:source+source_router "):rep(4) .. "router:router router:router "
      .. "prompts:source prompts:source", table.concat(seen, " "))
  end,

  ["source tasks can differ from the target tasks"] = function()
    local from = small.tasks { tasks = { "paraphrase", "nli2" }, shots = 4 }
    local seen = {}
    local method = m.spot { length = 2, from = from, retrieve = "best" }
    local t = small.trainer { method = method, steps = 4 }
    for step = 1, t.total_steps do
      for task in pairs(t:step().tasks) do seen[task] = true end
      -- Two source prompts of a step each come first.
      if step == 2 then small.refused("trains the source tasks", t.evaluate, t, "test") end
    end
    local names = {}
    for task in sorted_pairs(seen) do names[#names + 1] = task end
    assert(table.concat(names, " ") == "nli2 paraphrase sentiment similarity source:nli2", table.concat(names, " "))
    local result = t:evaluate "test"
    assert(result.scores.nli2 and not result.scores.paraphrase)
    assert(#t:prompts().names == 3)
  end,

  ["trained source prompts are used, except those of another backbone"] = function()
    local b = small.backbone()
    local first = small.trainer { method = m.pt { length = 2, encoder = "none" }, backbone = b, steps = 2 }
    first:run()
    local sources = {}
    for i, name in ipairs(first:prompts().names) do
      if not name:find "%." then sources[#sources + 1] = first:prompts():get(name) end
      assert(i > 0)
    end
    local t = small.trainer { method = m.attempt { sources = sources, length = 2, width = 4 }, backbone = b }
    t:step()
    assert(t:evaluate("test", { only = "src0" }).average >= 0)
    small.refused("depend on the input", t.prompts, t)
    refused("the prompt is [2, 16] where [3, 16] is expected", m.attempt { sources = sources, length = 3 })
    refused("where [20, 16] is expected", m.attempt { sources = { torch.zeros(20, 8) } })
    local micro = compt.backbone("micro", { device = "cpu" })
    local trained = small.trainer { method = m.pt { length = 2, encoder = "none" }, backbone = micro, steps = 1 }
    trained:run()
    refused("is 128 wide", m.attempt { sources = { trained:prompts():get "nli2" }, length = 2 })
  end,

  ["invalid plans are refused before training"] = function()
    refused("the method trains nothing", own(function() return { give = function() end } end))
    refused("'a.p' is declared twice", own(function(setup)
      setup:parameter("a", "p", torch.zeros(2))
      setup:parameter("a", "p", torch.zeros(2))
    end))
    refused("'give' is missing", own(function(setup)
      prompt_of(setup)
      return {}
    end))
    refused("the prompt is [3, 16] where [3, m, 16] is expected", own(function(setup)
      local p = setup:parameter("a", "p", setup:prompt(3))
      return { give = function() return p end }
    end))
    refused("the prompt is [3, 2, 8] where [3, m, 16] is expected", own(function(setup)
      local p = setup:parameter("a", "p", torch.zeros(2, 8))
      return { give = function(batch) return batch:each(function() return p end) end }
    end))
    refused("unknown parameter group 'c'", own(function(setup)
      return { give = prompt_of(setup), stages = { { name = "x", train = { "c" } } } }
    end))
    refused("unknown option 'giv'", own(function(setup)
      return { giv = prompt_of(setup) }
    end))
    refused("unknown place 'encoder.block.9", own(function(setup)
      local p = setup:parameter("a", "p", torch.zeros(16))
      return { give = function() return { changes = { ["encoder.block.9.layer.0.layer_norm"] = { bias = p } } } end }
    end), { steps = 2 })
    refused("bias is [8] and must be [16]", own(function(setup)
      local p = setup:parameter("a", "p", torch.zeros(8))
      return { give = function() return { changes = { ["encoder.block.0.layer.0.layer_norm"] = { bias = p } } } end }
    end), { steps = 2 })
    refused("a norm does not support this change", own(function(setup)
      local p = setup:parameter("a", "p", torch.zeros(1, 16))
      local change = { low_rank = { p, p } }
      return { give = function() return { changes = { ["encoder.block.0.layer.0.layer_norm"] = change } } end }
    end), { steps = 2 })
    refused("holds rows of several tasks", m.lora { alone = false })
    small.refused("unknown option 'ranks'", m.lora, { ranks = 2 })
    refused("there are no steps to make", m.mpt { length = 2 }, { steps = 1 })
  end,

  ["plans are distinguished and their tables do not change"] = function()
    local lr = { private = 0.3 }
    m.dept { lr = lr }
    assert(m.spot({ lr = lr }).lr.source == 0.3 and lr.update == nil and lr.source == nil)
    m.spot({}).lr.private = 99
    assert(m.spot({}).lr.private == 0.3)
    local two = function(setup)
      return { give = prompt_of(setup), stages = { { name = "x" }, { name = "x" } } }
    end
    refused("two stages are called 'x'", own(two))
    refused("stage 1: lr: unknown parameter group 'q'", own(function(setup)
      return { give = prompt_of(setup), stages = { { name = "x", lr = { q = 1 } } } }
    end))
    refused("stage 1: lr: the group 'b' is not among those this stage trains", own(function(setup)
      setup:parameter("b", "q", torch.zeros(2))
      return { give = prompt_of(setup), stages = { { name = "x", train = { "a" }, lr = { b = 1 } } } }
    end))
    refused("sentiment: give: ", own(function(setup)
      local p = { nli2 = setup:parameter("a", "p", setup:prompt(2)) }
      return { give = function(batch) return batch:each(function(task) return p[task] end) end }
    end, { alone = true }))
    small.refused("unknown option 'alone'", m.mpt, { alone = true })
    refused("did you mean 'average'?", m.spot { retrieve = "avrage" })
    refused("'sources' is an empty list", m.attempt { sources = {} })
    refused("'positions' is 12", m.dept { positions = 12 })
    local t = small.trainer { method = m.mp2 { sources = 2, length = 2, rank = 2 }, steps = 5 }
    assert(t.total_steps == 5)
    t:run()
    small.refused("has no private prompts", t.evaluate, t, "test", { only = "private" })
  end,

  ["a stage begins once, even if its first step fails"] = function()
    local begun, spoilt = 0, true
    local function method()
      return own(function(setup)
        local p = setup:parameter("a", "p", setup:prompt(2))
        local function give(batch) return batch:each(function() return p end) end
        return {
          stages = {
            { name = "one", give = give },
            { name = "two", give = give, begin = function()
              begun = begun + 1
              p:copy_(torch.randn(2, setup.d_model))
            end, loss = function(_, out)
              local loss = out.loss
              if spoilt then loss = loss * (0 / 0) end
              spoilt = false
              return loss
            end },
          },
        }
      end)
    end
    local t = small.trainer { method = method(), steps = 8, non_finite = "skip" }
    for _ = 1, 4 do t:step() end
    assert(begun == 0)
    local before = t:parameters()[1].value:detach():clone()
    assert(t:step().skipped and begun == 1)
    local drawn = t:parameters()[1].value:detach():clone()
    assert(not torch.equal(before, drawn), "what began is undone")
    t:step()
    assert(begun == 1)
    -- The same draws, whenever it begins.
    spoilt = true
    local other = small.trainer { method = method(), steps = 8, non_finite = "skip" }
    for _ = 1, 4 do other:step() end
    torch.randn(7)
    other:step()
    assert(torch.equal(other:parameters()[1].value:detach(), drawn))
  end,

  ["errors of functions have their location"] = function()
    local t = small.trainer { method = own(function(setup)
      local give = prompt_of(setup)
      return { give = give, loss = function(_, out) return out.logits end }
    end) }
    small.refused("not a single number", t.step, t)
    local broken = small.trainer { method = own(function(setup)
      local give = prompt_of(setup)
      return { give = give, loss = function() error "no such luck" end }
    end) }
    small.refused("no such luck", broken.step, broken)
  end,
}
