--- The built-in operators, computed by hand, and custom operators.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

-- One example, two sources of one row: [1, 1, 2], [2, 1, 2], [1, 2].
local function parts(private)
  local options = { requires_grad = true }
  return torch.tensor(private or { { { 10.0, 20 } } }, options),
    torch.tensor({ { { 1.0, 2 } }, { { 3.0, 4 } } }, options),
    torch.tensor({ { 0.25, 0.75 } }, options)
end

local function equal(tensor, wanted)
  assert(torch.allclose(tensor:detach(), torch.tensor(wanted)), tostring(tensor))
end

-- The formulas of the built-in operators, written in Lua.
local formulas = {
  sum = function(private, sources, weights)
    return private + torch.einsum("bs,smd->bmd", weights, sources)
  end,
  product = function(private, sources, weights)
    return private * torch.einsum("bs,smd->bmd", weights, sources)
  end,
  concat = function(private, sources, weights)
    local weighted = torch.einsum("bs,smd->bsmd", weights, sources)
    return private * weighted:flatten(2, 3)
  end,
}

local function losses(compose, private_length)
  local method = compt.methods.ssum {
    compose = compose, sources = 2, length = 3, private_length = private_length,
  }
  return small.losses(small.trainer { method = method }, 6)
end

return {
  ["sum adds the weighted sources"] = function()
    local p, s, w = parts()
    local prompt = compt.compose.sum(p, s, w)
    equal(prompt, { { { 12.5, 23.5 } } })
    prompt:sum():backward()
    equal(p.grad, { { { 1.0, 1 } } })
    equal(s.grad, { { { 0.25, 0.25 } }, { { 0.75, 0.75 } } })
    equal(w.grad, { { 3.0, 7 } })
  end,

  ["product multiplies with the weighted sources"] = function()
    local p, s, w = parts()
    local prompt = compt.compose.product(p, s, w)
    equal(prompt, { { { 25.0, 70 } } })
    prompt:sum():backward()
    equal(p.grad, { { { 2.5, 3.5 } } })
    equal(s.grad, { { { 2.5, 5 } }, { { 7.5, 15 } } })
    equal(w.grad, { { 50.0, 110 } })
  end,

  ["concat weights each source"] = function()
    local p, s, w = parts { { { 10.0, 20 }, { 30, 40 } } }
    local prompt = compt.compose.concat(p, s, w)
    equal(prompt, { { { 2.5, 10 }, { 67.5, 120 } } })
    prompt:sum():backward()
    equal(p.grad, { { { 0.25, 0.5 }, { 2.25, 3 } } })
    equal(s.grad, { { { 2.5, 5 } }, { { 22.5, 30 } } })
    equal(w.grad, { { 50.0, 250 } })
  end,

  ["private returns only the private prompt"] = function()
    local p, s, w = parts()
    equal(compt.compose.private(p, s, w), { { { 10.0, 20 } } })
  end,

  ["errors explain shapes that do not match"] = function()
    local p, s, w = parts()
    small.refused("the private prompts are [1, 1, 2] and must be [1, 2, 2]", compt.compose.concat, p, s, w)
    small.refused("do not match", compt.compose.sum, p, s, torch.ones(1, 3))
  end,

  ["an operator in Lua trains like the built-in one of its formula"] = function()
    for name, formula in sorted_pairs(formulas) do
      local length = name == "concat" and 6 or nil
      local built_in = losses(name)
      small.same(losses(formula, length), built_in)
      compt.compose.define("my_" .. name, formula)
      assert(compt.compose["my_" .. name] == formula)
      small.same(losses("my_" .. name, length), built_in)
    end
  end,

  ["the prompt can be longer than its parts"] = function()
    local trainer = small.trainer {
      method = compt.methods.ssum {
        sources = 2, length = 3,
        compose = function(private, sources, weights)
          local mixed = torch.einsum("bs,smd->bmd", weights, sources)
          return torch.cat({ private, mixed }, 2)
        end,
      },
    }
    trainer:step()
    assert(table.concat(trainer:prompt(1).shape, " ") == "6 16")
  end,

  ["an error in an operator shows its line"] = function()
    local function broken(private) return private + missing.field end
    local _, called_directly = pcall(broken)
    assert(called_directly:find "compose_test.lua:%d+: attempt to index a nil value")
    local ok, message = pcall(small.trainer, { method = compt.methods.ssum { compose = broken } })
    assert(not ok)
    local text = tostring(message)
    assert(text:find("composition 'function': " .. called_directly, 1, true), text)
  end,

  ["the error explains a wrong shape of a prompt"] = function()
    compt.compose.define("first_row", function(private) return private:select(2, 1) end)
    local wrong = "composition 'first_row' returned [3, 16] where [3, m, 16] is expected"
    small.refused(wrong, small.trainer, { method = compt.methods.ssum { compose = "first_row" } })
    compt.compose.define("nothing", function() end)
    small.refused("composition 'nothing': ", small.trainer, { method = compt.methods.ssum { compose = "nothing" } })
  end,

  ["the trainer refuses operators that cannot be trained"] = function()
    local function refused(text, compose)
      small.refused(text, small.trainer, { method = compt.methods.ssum { compose = compose, length = 3 } })
    end
    refused("returned [3, 0, 16] where [3, m, 16]", function(private) return private:narrow(2, 1, 0) end)
    refused("returned [3, 3, 8] where [3, m, 16]", function(private) return private:narrow(3, 1, 8) end)
    refused("returned [1, 3, 16] where [3, m, 16]", function(private) return private:narrow(1, 1, 1) end)
    refused("a tensor of int64 on cpu where float32 on cpu", function(private) return private:long() end)
    refused("a tensor of float64 on cpu where float32", function(private) return private:double() end)
    refused("not finite", function(private) return private / 0 end)
    refused("does not depend on its arguments", function(private) return private:detach() end)
    refused("no prompt gets a gradient", function(private, _, weights) return private:detach() + weights:sum() end)
    refused("a batch of one row: composition 'function': ", function(private)
      if private.shape[1] == 1 then error "two rows, please" end
      return private
    end)
    -- A run of one task is tried on two rows, too.
    small.refused("two rows are too many", small.trainer, {
      tasks = small.tasks { tasks = { "nli2" } },
      method = compt.methods.ssum { compose = function(private)
        if private.shape[1] > 1 then error "two rows are too many" end
        return private
      end },
    })
    -- In a step prompts are no leaves: what changes them in place works.
    local t = small.trainer { method = compt.methods.ssum { length = 3, compose = function(private) return private:mul_(2) end } }
    t:step()
  end,

  ["an operator's parameters are trained as declared"] = function()
    local function trainer(parameters, rate)
      return small.trainer {
        method = compt.methods.ssum {
          sources = 2, length = 3, warmup = 0, lr = { operator = rate },
          compose = {
            parameters = parameters,
            compose = function(private, sources, weights, own)
              local mixed = torch.einsum("bs,smd->bmd", weights, sources)
              return private * own.scale + mixed * torch.sigmoid(own.gate) * 2
            end,
          },
        },
      }
    end
    local function declared(context)
      assert(context.sources == 2 and context.length == 3 and context.private_length == 3)
      assert(#context.tasks == 3)
      return { scale = 1, gate = { shape = { context.length, context.d_model }, init = "zeros" } }
    end
    -- With these beginnings it is the sum.
    local t = trainer(declared)
    local built_in = small.trainer { method = compt.methods.ssum { sources = 2, length = 3, warmup = 0 } }
    assert(math.abs(t:gradients() - built_in:gradients()) < 1e-5)
    local counts = {}
    for _, p in ipairs(t:parameters()) do
      if p.group == "operator" then counts[p.name] = p.count end
    end
    assert(counts["operator.scale"] == 1 and counts["operator.gate"] == 48)
    assert(tostring(t):find("operator  49 parameters", 1, true), tostring(t))
    -- Gradients against differences of the loss.
    local _, gradients = t:gradients()
    for _, p in ipairs(t:parameters()) do
      if p.group == "operator" then
        local flat, slope = p.value:detach():reshape(-1), gradients[p.name]:reshape(-1)
        for _, i in ipairs { 1, flat.shape[1] } do
          local at, losses, h = flat[i]:item(), {}, 0.05
          for j, x in ipairs { at + h, at - h } do
            flat[i] = x
            losses[j] = t:gradients()
          end
          flat[i] = at
          local found = (losses[1] - losses[2]) / (2 * h)
          assert(math.abs(found - slope[i]:item()) < 2e-3, ("%s: %g, %g"):format(p.name, found, slope[i]:item()))
        end
      end
    end
    local report = t:step()
    assert(report.lr.operator == report.lr.private and report.grad_norms.operator > 0)
    for _, p in ipairs(t:parameters()) do
      if p.name == "operator.scale" then assert(p.value:item() ~= 1) end
    end
    assert(trainer(declared, 0.5):step().lr.operator == 0.5)
    t:set("freeze.operator", true)
    assert(t:step().lr.operator == 0)
  end,

  ["parameters are initialised as declared"] = function()
    local function begun(entry)
      local t = small.trainer {
        method = compt.methods.ssum {
          length = 3, compose = { parameters = { x = entry }, compose = function(p, _, _, own) return p + own.x:sum() end },
        },
      }
      for _, p in ipairs(t:parameters()) do
        if p.name == "operator.x" then return p.value:detach() end
      end
    end
    assert(torch.equal(begun { shape = { 2, 3 } }, torch.zeros(2, 3)))
    assert(torch.equal(begun { shape = { 2 }, init = "ones" }, torch.ones(2)))
    assert(torch.equal(begun { shape = { 2 }, init = 0.5 }, torch.full({ 2 }, 0.5)))
    assert(torch.equal(begun { shape = { 2 }, init = torch.ones }, torch.ones(2)))
    assert(torch.equal(begun { 1.0, 2.0 }, torch.tensor { 1.0, 2.0 }))
    local drawn = begun { shape = { 1000 }, init = { kind = "uniform", bound = 2 } }
    assert(drawn:abs():max():item() <= 2 and drawn:abs():max():item() > 1.5)
    assert(torch.equal(drawn, begun { shape = { 1000 }, init = { kind = "uniform", bound = 2 } }))
    local given = torch.ones(2)
    begun(given):fill_(7)
    assert(given[1]:item() == 1, "a copy is trained")
    local function refused(text, entry) small.refused(text, begun, entry) end
    refused("x: a parameter: unknown option 'shap'", { shap = { 2 }, shape = { 2 } })
    refused("x: a parameter: option 'shape' is missing", { init = "ones" })
    refused("did you mean 'zeros'?", { shape = { 2 }, init = "zeroes" })
    refused("init: unknown option 'bond'", { shape = { 2 }, init = { kind = "uniform", bond = 1 } })
    refused("'init' is [3] where 'shape' is [2]", { shape = { 2 }, init = torch.ones(3) })
    refused("a size of 'shape' must be at least 1, not 0", { shape = { 0 } })
    refused("nothing to train", torch.zeros(0))
  end,

  ["operators with parameters refuse unknown keys"] = function()
    local function refused(text, operator) small.refused(text, compt.compose.define, "new", operator) end
    refused("unknown option 'params'", { params = {}, compose = function() end })
    refused("option 'compose' is missing", { parameters = {} })
    refused("'parameters' must be a table", { parameters = 3, compose = function() end })
    refused("got a number", 3)
    local function trainer(parameters, compose)
      return small.trainer { method = compt.methods.ssum { compose = { parameters = parameters, compose = compose } } }
    end
    small.refused("no parameter 'gaet' (did you mean 'gate'?)", trainer, { gate = 1 },
      function(private, _, _, own) return private * own.gaet end)
    small.refused("'gate' cannot be set here", trainer, { gate = 1 },
      function(private, _, _, own) own.gate = 2 return private end)
    small.refused("no field 'd_modle' (did you mean 'd_model'?)", trainer,
      function(context) return { gate = { shape = { context.d_modle } } } end, function(private) return private end)
    small.refused("returned a nil", trainer, function() end, function(private) return private end)
    local names = {}
    local t = trainer({ b = 1, a = 2 }, function(private, _, _, own)
      names = {}
      for name in pairs(own) do names[#names + 1] = name end
      return private * own.a * own.b
    end)
    table.sort(names)
    assert(table.concat(names, " ") == "a b")
    t:step()
    assert(t:prompt(1).shape[2] == 16 and t:evaluate("test").counts.nli2 == 6)
  end,

  ["names are checked"] = function()
    small.refused('write (require "name")', compt.compose.define, "new", function() end, "./ops.lua")
    small.refused("'sum' is a built-in composition", compt.compose.define, "sum", function() end)
    compt.compose.define("gated", formulas.sum)
    for wrong, right in pairs { gatde = "gated", prodct = "product" } do
      local method = compt.methods.ssum { compose = wrong }
      small.refused(("did you mean '%s'?"):format(right), small.trainer, { method = method })
    end
  end,
}
