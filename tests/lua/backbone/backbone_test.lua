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
  ["forward gives the loss and the logits of transformers"] = function()
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

  ["generation ends rows where they end"] = function()
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

  ["rows of ids may be of unlike length"] = function()
    local b = golden "v1_0"
    local together = b:generate { input_ids = { { 5, 6, 7, 1 }, { 9, 1 } }, max_new_tokens = 4 }
    local alone = b:generate { input_ids = { { 9, 1 } }, max_new_tokens = 4 }
    assert(table.concat(together.ids[2], " ") == table.concat(alone.ids[1], " "))
  end,

  ["what is wrong is named"] = function()
    local b = golden "v1_0"
    raises("token id 64 is outside the vocabulary of 64 ids", b.embed, b, { { 64 } })
    raises("needs one of 'input_ids', 'inputs_embeds' and 'text'", b.generate, b, {})
    raises("did you mean 'max_new_tokens'?", b.generate, b, { input_ids = { { 1 } }, max_tokens = 3 })
    raises("neither a built-in name nor a folder", compt.backbone, "no-such")
    raises("unknown dtype 'float33'", compt.backbone, "tests/golden/t5/v1_0", { dtype = "float33" })
  end,
}
