--- The built-in operators by hand, and operators of one's own beside them.
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

  ["concat weighs source by source"] = function()
    local p, s, w = parts { { { 10.0, 20 }, { 30, 40 } } }
    local prompt = compt.compose.concat(p, s, w)
    equal(prompt, { { { 2.5, 10 }, { 67.5, 120 } } })
    prompt:sum():backward()
    equal(p.grad, { { { 0.25, 0.5 }, { 2.25, 3 } } })
    equal(s.grad, { { { 2.5, 5 } }, { { 22.5, 30 } } })
    equal(w.grad, { { 50.0, 250 } })
  end,

  ["private is the private prompt alone"] = function()
    local p, s, w = parts()
    equal(compt.compose.private(p, s, w), { { { 10.0, 20 } } })
  end,

  ["shapes that do not fit are explained"] = function()
    local p, s, w = parts()
    small.refused("the private prompts are [1, 1, 2] and must be [1, 2, 2]", compt.compose.concat, p, s, w)
    small.refused("do not fit", compt.compose.sum, p, s, torch.ones(1, 3))
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

  ["its prompt may be longer than its parts"] = function()
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

  ["an error in it shows its line"] = function()
    local function broken(private) return private + missing.field end
    local _, called_directly = pcall(broken)
    assert(called_directly:find "compose_test.lua:%d+: attempt to index a nil value")
    local trainer = small.trainer { method = compt.methods.ssum { compose = broken } }
    local ok, message = pcall(trainer.step, trainer)
    assert(not ok)
    local text = tostring(message)
    assert(text:find("composition 'function': " .. called_directly, 1, true), text)
  end,

  ["a prompt of the wrong shape is explained"] = function()
    compt.compose.define("first_row", function(private) return private:select(2, 1) end)
    local trainer = small.trainer { method = compt.methods.ssum { compose = "first_row" } }
    local wrong = "composition 'first_row' returned [4, 16] where [4, m, 16] is expected"
    small.refused(wrong, trainer.step, trainer)
    compt.compose.define("nothing", function() end)
    trainer = small.trainer { method = compt.methods.ssum { compose = "nothing" } }
    small.refused("composition 'nothing'", trainer.step, trainer)
  end,

  ["names are checked"] = function()
    small.refused("'sum' is a built-in composition", compt.compose.define, "sum", function() end)
    compt.compose.define("gated", formulas.sum)
    for wrong, right in pairs { gatde = "gated", prodct = "product" } do
      local method = compt.methods.ssum { compose = wrong }
      small.refused(("did you mean '%s'?"):format(right), small.trainer, { method = method })
    end
  end,
}
