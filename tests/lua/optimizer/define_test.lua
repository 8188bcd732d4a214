--- Optimizers in Lua: trained, resumed, stopped by numbers that are not finite, and refused where they are wrong.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

--- Adam without weight decay, written tensor by tensor, with a scalar of its own.
local adam = {
  state = { "m", v = "tensor", updates = "scalar" },
  update = function(p, grad, state, context)
    state.updates = state.updates + 1
    state.m = state.m:lerp(grad, 0.1)
    state.v = state.v:lerp(grad ^ 2, 0.001)
    local t = state.updates:item()
    assert(t == context.step)
    local root = torch.sqrt(state.v / (1 - 0.999 ^ t)) + 1e-8
    return p * (1 - context.lr * context.weight_decay) - context.lr * (state.m / (1 - 0.9 ^ t)) / root
  end,
}

local function refused(text, optimizer) small.refused(text, small.trainer, { optimizer = optimizer }) end

--- What a checkpoint holds, by name.
local function saved(t)
  local path = os.tmpname()
  t:save(path)
  local all = torch.load(path)
  os.remove(path)
  return all
end

return {
  ["a last update that is not finite ends the run with an error"] = function()
    local late = function(p, grad, _, context) return context.step == 4 and p * (0 / 0) or p - context.lr * grad end
    for _, name in ipairs { "run", "step" } do
      local t = small.trainer { optimizer = late, steps = 4 }
      local ok, why = pcall(function()
        if name == "run" then t:run() else for _ = 1, 4 do t:step() end end
      end)
      assert(not ok and tostring(why):find "step 4: the update made '.*' not finite", tostring(why))
      local norm = t:prompts():get("source.0").value:norm():item()
      assert(norm == norm, "the parameters are those before the update")
    end
  end,

  ["an optimizer in Lua trains like the built-in one of its formula"] = function()
    local built_in = small.losses(small.trainer {}, 6)
    small.same(small.losses(small.trainer { optimizer = adam }, 6), built_in, 1e-5)
    compt.optimizer.define("my_adam", adam)
    local method = compt.methods.ssum { sources = 2, length = 3, optimizer = "my_adam" }
    small.same(small.losses(small.trainer { method = method }, 6), built_in, 1e-5)
    -- Tensors together are updated as each alone is.
    for _, name in ipairs { "lion", "sgd" } do
      local alone = {}
      for key, value in pairs(require("compt.optimizers." .. name)) do alone[key] = value end
      alone.elementwise = nil
      compt.optimizer.define("alone_" .. name, alone)
      local options = name == "sgd" and { momentum = 0.9, nesterov = true } or { betas = { 0.8, 0.9 } }
      local function trained(kind)
        options.kind = kind
        return small.losses(small.trainer { optimizer = options, weight_decay = 0.1 }, 6)
      end
      small.same(trained(name), trained("alone_" .. name), 1e-5)
    end
  end,

  ["losses fall with the optimizers of the library"] = function()
    for _, name in ipairs { "lion", "sgd" } do
      local rate = name == "lion" and 0.003 or 1
      local losses = small.losses(small.trainer {
        optimizer = name == "sgd" and { kind = "sgd", momentum = 0.9 } or name, steps = 60, batch_size = 8, control = {
          lr = { router = rate, source = rate, private = rate },
        },
      }, 60)
      local first, last = 0, 0
      for i = 1, 10 do first, last = first + losses[i] / 10, last + losses[50 + i] / 10 end
      assert(last < first - 0.15, ("%s: %.3f to %.3f"):format(name, first, last))
    end
  end,

  ["stopped and resumed is not stopped, bit for bit"] = function()
    for _, optimizer in ipairs { "lion", adam, { kind = "sgd", momentum = 0.9 } } do
      local function make() return small.trainer { optimizer = optimizer, steps = 8 } end
      local whole = make()
      local losses = small.losses(whole, 8)
      local first, second = make(), make()
      small.losses(first, 3)
      local path = os.tmpname()
      first:save(path)
      second:load(path)
      os.remove(path)
      small.same(small.losses(second, 5), table.move(losses, 4, 8, 1, {}), 0)
      local a, b, states = saved(whole), saved(second), 0
      for name, tensor in pairs(a) do
        if name:match "^optimizer%." then states = states + 1 end
        assert(torch.equal(tensor, b[name]), name)
      end
      assert(states > 10, states)
    end
    -- The state belongs to its optimizer.
    local t, path = small.trainer { optimizer = "lion" }, os.tmpname()
    t:step()
    t:save(path)
    local other = small.trainer { optimizer = adam }
    small.refused("there is no tensor 'router.logits.m'", other.load, other, path)
    os.remove(path)
  end,

  ["a context has what its documentation says"] = function()
    local seen = {}
    local t = small.trainer {
      optimizer = { state = { "sum" }, options = { list = { 1, 2 } }, update = function(p, grad, state, context)
        local of = seen[context.name] or {}
        seen[context.name] = of
        of[#of + 1] = context.step
        assert(not p.requires_grad and not grad.requires_grad and #state.sum.shape == #p.shape)
        assert(context.lr >= 0 and context.weight_decay >= 0 and context.options.list[2] == 2)
        local names = {}
        for name in pairs(state) do names[#names + 1] = name end
        assert(#names == 1 and names[1] == "sum")
        return p - context.lr * grad
      end },
    }
    for name in pairs(seen) do seen[name] = nil end
    t:step()
    t:step()
    assert(table.concat(seen["router.logits"], " ") == "1 2")
  end,

  ["numbers that are not finite stop the run with the parameters before"] = function()
    local t = small.trainer { steps = 8, optimizer = function(p, grad, _, context)
      return context.step == 3 and p / 0 or p - context.lr * grad
    end }
    small.losses(t, 2)
    local before = {}
    for _, p in ipairs(t:parameters()) do before[p.name] = p.value:detach():clone() end
    assert(t:step().loss < math.huge)
    small.refused("the loss is NaN", t.step, t)
    for _, p in ipairs(t:parameters()) do assert(torch.equal(p.value:detach(), before[p.name]), p.name) end
    t:evaluate "test"
  end,

  ["a step whose update fails changes no parameter and no state"] = function()
    for _, elementwise in ipairs { false, true } do
      local calls, fails_at = 0, math.huge
      local function make()
        return small.trainer { steps = 6, optimizer = {
          state = { "m" }, elementwise = elementwise,
          update = function(p, grad, state, context)
            calls = calls + 1
            state.m = state.m:lerp(grad, 0.1)
            p:sub_(context.lr * state.m)
            if calls == fails_at then error "not now" end
          end,
        } }
      end
      local other, t, whole, losses, count = make(), make(), {}, {}, {}
      for step = 1, 6 do
        calls = 0
        whole[step], count[step] = other:step().loss, calls
        assert(calls > (elementwise and 2 or 6), calls)
      end
      for step = 1, 6 do
        local before = saved(t)
        calls, fails_at = 0, count[step] - step // 3
        small.refused("not now", t.step, t)
        local after = saved(t)
        for name, tensor in pairs(after) do
          if not name:match "^undo%." then assert(torch.equal(tensor, before[name]), name) end
        end
        fails_at = math.huge
        losses[step] = t:step().loss
      end
      small.same(losses, whole, 0)
    end
  end,

  ["wrong updates are refused with the line of the optimizer"] = function()
    local kept = torch.ones(1, { requires_grad = true })
    refused("optimizer 'function': tests/lua/optimizer/define_test.lua:", function(p) return p[1] end)
    refused("where [", function(p) return torch.cat({ p, p }) end)
    refused("the new value of 'router.", function(p) return p:double() end)
    refused("of float64 on cpu where one of float32 on cpu is expected", function(p) return p:double() end)
    refused("must be a tensor, got a number", function() return 3 end)
    refused("carries a graph: an optimizer must not keep the graph of a step alive", function(p)
      return kept:expand(p.shape)
    end)
    refused("state 'm' carries a graph", { state = { "m" }, update = function(p, _, state)
      state.m = kept:expand(p.shape)
    end })
    refused("state 'm' carries a graph", { state = { "m" }, update = function(_, _, state) state.m:requires_grad_() end })
    refused("define_test.lua:", { state = { "m" }, update = function(p, _, state) state.m = p:double() end })
    refused("the state has no tensor 'momentm' (did you mean 'momentum'?)", { state = { "momentum" }, update = function(p, g, state)
      return p - state.momentm
    end })
    refused("the state has no tensor 'm'", function(p, _, state) state.m = p end)
    refused("the context has no field 'rate'", function(p, g, _, context) return p - context.rate * g end)
    refused("the new value is not finite", function(p) return p / 0 end)
    refused("state 'm' is not finite", { state = { "m" }, update = function(p, g, state)
      state.m = g / 0
      return p - g
    end })
    refused("an update with a gradient changes nothing", function(p, grad, _, context) local _ = p - context.lr * grad end)
    refused("it is not elementwise", { elementwise = true, update = function(p, grad, _, context)
      return p - context.lr * grad / grad:norm()
    end })
    refused("'name' is not known: several tensors are updated together", { elementwise = true, update = function(p, _, _, c)
      return p - #c.name
    end })
    -- What is kept beside the state was freed with the step.
    local last
    local t = small.trainer { optimizer = function(p, grad, _, context)
      if context.step > 2 then grad = grad + last end
      last = grad * 1
      return p - context.lr * grad
    end }
    small.losses(t, 2)
    small.refused("this tensor was freed by the torch.scope", t.step, t)
    small.refused("define_test.lua:", t.step, t)
    assert(t.steps == 2)
  end,

  ["definitions are checked"] = function()
    local function update(p, grad, _, context) return p - context.lr * grad end
    local function wrong(text, optimizer) small.refused(text, compt.optimizer.define, "new", optimizer) end
    wrong("unknown option 'updat'", { update = update, updat = 1 })
    wrong("option 'update' is missing", { state = {} })
    wrong("an optimizer has no 'parameters'", { update = update, parameters = {} })
    wrong("options: 'lr' is an option of every optimizer", { update = update, options = { lr = 1 } })
    wrong("state: 'm' must be \"tensor\" or \"scalar\"", { update = update, state = { m = "vector" } })
    wrong("state: 'step' is counted already", { update = update, state = { "step" } })
    wrong("state: 'm' is there twice", { update = update, state = { "m", m = "tensor" } })
    wrong("state: 'a.b' is no name", { update = update, state = { "a.b" } })
    wrong("state: 'n' cannot be a \"scalar\"", { update = update, elementwise = true, state = { n = "scalar" } })
    wrong("a table { state, update }", 3)
    small.refused("'lion' is an optimizer of compt", compt.optimizer.define, "lion", update)
    small.refused("'adamw' is an optimizer of compt", compt.optimizer.define, "adamw", update)
    refused("unknown optimizer 'lionn'", "lionn")
    refused("did you mean 'lion'?", "lionn")
    refused("optimizer 'lion': unknown option 'beta'", { kind = "lion", beta = 1 })
    refused("option 'momentum' must be like its default 0, got true", { kind = "sgd", momentum = true })
    refused("'nesterov' needs a 'momentum' above 0", { kind = "sgd", nesterov = true })
    refused("option 'kind' is missing", { betas = { 0.9, 0.99 } })
    compt.optimizer.define("plain", { update = update, lr = 0.25 })
    local w = torch.ones(2, { requires_grad = true })
    local o = compt.optimizer.plain { w }
    w:sum():backward()
    o:step()
    assert(o.lr == 0.25 and torch.equal(w:detach(), torch.full({ 2 }, 0.75)))
  end,
}
