--- Prompt banks: shapes, initialisations, encoders, names.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

local function bank(changes)
  local options = { tasks = { "rte", "sst2" }, sources = 3, length = 4, d_model = 6, encoder = "none" }
  for key, value in pairs(changes or {}) do options[key] = value end
  return compt.prompt_bank(options)
end

local function shape(t) return table.concat(t.shape, " ") end

local micro = compt.backbone("micro", { device = "cpu" })

--- The embedding of the first word of a text in the micro backbone.
local function word(text)
  return micro:embed({ { micro.tokenizer:encode(text)[1] } }):squeeze(1):squeeze(1)
end

return {
  ["prompts by number from 1 and by name"] = function()
    local b = bank { private_length = 12 }
    assert(shape(b:source(1)) == "4 6" and shape(b:private "sst2") == "12 6")
    assert(torch.equal(b:source(2), b:source "src1"))
    assert(torch.equal(b:private(1), b:private "rte"))
    assert(not torch.equal(b:source(1), b:source(2)))
    assert(b.sources == 3 and b.length == 4 and b.private_length == 12 and b.d_model == 6)
    small.refused("no source prompt 4: there are 3", b.source, b, 4)
    small.refused("Lua counts from 1", b.source, b, 0)
    small.refused("did you mean 'sst2'?", b.private, b, "sst")
  end,

  ["without an encoder a prompt is its embedding"] = function()
    local b = bank()
    local parameters = b:parameters()
    assert(torch.equal(b:source(1), parameters["source.0.embedding"]))
    local values = parameters["private.rte.embedding"]:detach():abs()
    assert(values:max():item() <= 0.5)
    b:source(1):sum():backward()
    assert(torch.equal(parameters["source.0.embedding"].grad, torch.ones(4, 6)))
    assert(parameters["source.1.embedding"].grad == nil)
  end,

  ["an MLP encoder is W2 act(W1 x + b1) + b2 by row"] = function()
    for _, name in ipairs { "gelu", "relu", "silu" } do
      for _, residual in ipairs { false, true } do
        local b = bank { encoder = { kind = "mlp", activation = name, residual = residual } }
        local p = b:parameters()
        local function of(part) return p["private.rte." .. part] end
        local x = of "embedding"
        local hidden = torch[name](x:matmul(of("encoder.w1"):t()) + of "encoder.b1")
        local wanted = hidden:matmul(of("encoder.w2"):t()) + of "encoder.b2"
        if residual then wanted = wanted + x end
        assert(torch.allclose(b:private "rte", wanted, { atol = 1e-6 }), name)
      end
    end
    small.refused("did you mean 'relu'?", bank, { encoder = { activation = "rleu" } })
  end,

  ["an LSTM encoder keeps the shape"] = function()
    assert(shape(bank({ encoder = "lstm" }):source(3)) == "4 6")
    small.refused("did you mean 'lstm'?", bank, { encoder = "lstn" })
  end,

  ["prompts are initialised with words"] = function()
    local b = compt.prompt_bank {
      tasks = { "rte" }, length = 3, backbone = micro, encoder = "none",
      init = { kind = "text", text = "tom dog", rest = "tile" },
    }
    local prompt = b:private "rte"
    assert(torch.equal(prompt[1], word "tom") and torch.equal(prompt[2], word "dog"))
    assert(torch.equal(prompt[3], word "tom"))
    b = compt.prompt_bank {
      tasks = { "rte" }, length = 2, backbone = micro, encoder = "none",
      init = { kind = "labels", labels = { "entailment", "neutral" } },
    }
    assert(torch.equal(b:private(1)[2], word "neutral"))
    small.refused("needs a backbone with a tokenizer", bank, { init = { kind = "text", text = "a" } })
  end,

  ["prompts are initialised with the vocabulary or a tensor"] = function()
    local b = compt.prompt_bank {
      tasks = { "rte" }, length = 2, backbone = micro, encoder = "none",
      init = { kind = "vocabulary", first = 2 },
    }
    local ids = torch.tensor { { 0, 1 } }
    local sum = micro:embed(ids):sum(2):squeeze(1)
    assert(torch.allclose(b:private(1):sum(1), sum, { atol = 1e-6 }))
    local given = torch.ones(4, 6) * 0.3
    assert(torch.equal(bank({ init = { kind = "given", value = given } }):source(1), given))
    small.refused("where [4, 6] is expected", bank, { init = { kind = "given", value = torch.ones(2, 6) } })
    small.refused("did you mean 'vocabulary'?", bank, { init = "vocabluary" })
  end,

  ["errors name what a bank needs"] = function()
    small.refused("needs 'backbone' or 'd_model'", compt.prompt_bank, { tasks = { "rte" } })
    small.refused("option 'tasks' is missing", compt.prompt_bank, { d_model = 4 })
    small.refused("length must be at least 1, not 0", bank, { length = 0 })
    small.refused("did you mean 'length'?", bank, { lenght = 2 })
  end,
}
