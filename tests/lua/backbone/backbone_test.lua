local compt, torch = require "compt", require "compt.torch"

local function golden(case)
  local folder = "tests/golden/t5/" .. case
  return compt.backbone(folder, { dtype = "float32", device = "cpu" }),
    torch.load(folder .. "/golden.safetensors")
end

local function raises(pattern, f, ...)
  local ok, e = pcall(f, ...)
  assert(not ok, "no error")
  assert(tostring(e):find(pattern, 1, true), tostring(e))
end

return {
  ["forward returns the loss and the logits of transformers"] = function()
    local b, g = golden "v1_1"
    local out = b:forward {
      input_ids = g.input_ids:long(), attention_mask = g.attention_mask, labels = g.labels:long(),
    }
    assert(torch.allclose(out.logits, g.logits, { atol = 1e-4 }))
    assert(#out.loss.shape == 0)
  end,

  ["gradients reach the embeddings"] = function()
    local b, g = golden "v1_0"
    local embeds = b:embed(g.input_ids:long()):requires_grad_(true)
    local out = b:forward {
      inputs_embeds = embeds, attention_mask = g.attention_mask, labels = g.labels:long(),
    }
    out.loss:backward()
    local real = g.attention_mask:unsqueeze(-1)
    assert(torch.allclose(embeds.grad * real, g.embeds_grad * real, { atol = 1e-4 }))
  end,

  ["generation stops each row at its end"] = function()
    local b, g = golden "v1_0"
    local out = b:generate {
      input_ids = g.input_ids:long(), attention_mask = g.attention_mask, max_new_tokens = 8,
    }
    local expected = g.greedy:tolist()
    for row, ids in ipairs(out.ids) do
      for i, id in ipairs(ids) do assert(id == expected[row][i + 1]) end
    end
    assert(out.text == nil)
  end,

  ["rows of ids can have different lengths"] = function()
    local b = golden "v1_0"
    local together = b:generate { input_ids = { { 5, 6, 7, 1 }, { 9, 1 } }, max_new_tokens = 4 }
    local alone = b:generate { input_ids = { { 9, 1 } }, max_new_tokens = 4 }
    assert(table.concat(together.ids[2], " ") == table.concat(alone.ids[1], " "))
  end,

  ["an unknown key of a configuration in Lua is an error"] = function()
    local config = { d_model = 16, d_kv = 8, d_ff = 32, num_layers = 1, num_heads = 2, vocab_size = 50 }
    assert(compt.backbone(config).config.model_type == "t5")
    config.model_type = "umt5"
    assert(compt.backbone(config).config.architectures[1] == "UMT5ForConditionalGeneration")
    config.num_layer = 2
    raises("did you mean 'num_layers'?", compt.backbone, config)
    config.num_layer, config.d_model = nil, nil
    config.model_type = nil
    raises("the key 'd_model' is missing", compt.backbone, config)
  end,

  ["positions are relative: inputs can be longer than n_positions"] = function()
    local ids = {}
    for i = 1, 700 do ids[i] = 3 + i % 40 end
    ids[#ids + 1] = 1
    local t = compt.trainer {
      backbone = compt.backbone({
        d_model = 16, d_kv = 8, d_ff = 32, num_layers = 1, num_heads = 2, vocab_size = 50, n_positions = 16,
      }, { seed = 1 }),
      stream = function() return { source = { ids }, target = { { 5, 1 } } } end,
      method = compt.methods.pt { length = 20, encoder = "none" }, max_source_length = 1024, steps = 1,
      progress = false,
    }
    assert(t:step().loss > 0)
  end,

  ["a model of the family can be loaded and saved"] = function()
    local folder = os.tmpname()
    os.remove(folder)
    local b = compt.backbone("tests/golden/t5/umt5", { dtype = "float32", trainable = true })
    b:save(folder)
    local again = compt.backbone(folder, { dtype = "float32" })
    os.execute(("rm -r %q"):format(folder))
    local ids = { input_ids = { { 5, 9, 11, 1 } }, labels = { { 7, 1 } } }
    local wanted, found = b:forward(ids).loss:item(), again:forward(ids).loss:item()
    assert(math.abs(wanted - found) < 0.05 * wanted, wanted .. " " .. found)
    assert(again.config.model_type == "umt5")
  end,

  ["errors name invalid ids, masks and labels"] = function()
    local b = golden "v1_0"
    local ids = { { 5, 6, 1 } }
    local function forward(options) return function() return b:forward(options) end end
    raises("ids must be whole numbers", b.embed, b, { { 1.5 } })
    raises("'input_ids' must be whole numbers", b.encode, b, { input_ids = { { 5.7, 1 } } })
    raises("'labels' must be whole numbers", forward { input_ids = ids, labels = { { 5.5, 1 } } })
    raises("'attention_mask' must be 1 where", forward {
      input_ids = ids, attention_mask = { { 1, 1, 2 } }, labels = { { 5, 1 } },
    })
    raises("'labels' must be [1, T], one row per input, not [2, 2]",
      forward { input_ids = ids, labels = { { 5, 1 }, { 5, 1 } } })
    raises("label 99999 is outside the vocabulary", forward { input_ids = ids, labels = { { 5, 99999 } } })
    raises("'decoder_input_ids' are [1, 1] and 'labels' [1, 2]",
      forward { input_ids = ids, decoder_input_ids = { { 0 } }, labels = { { 5, 1 } } })
    assert(b:forward({ input_ids = ids, labels = { { 5, -100 } } }).loss:item() > 0)
  end,

  ["errors name the cause"] = function()
    local b = golden "v1_0"
    raises("token id 64 is outside the vocabulary of 64 ids", b.embed, b, { { 64 } })
    raises("needs one of 'input_ids', 'inputs_embeds' and 'text'", b.generate, b, {})
    raises("it is called 'max_new_tokens'", b.generate, b, { input_ids = { { 1 } }, max_tokens = 3 })
    raises("neither a built-in name nor a folder", compt.backbone, "no-such")
    raises("unknown dtype 'float33'", compt.backbone, "tests/golden/t5/v1_0", { dtype = "float33" })
  end,
}
