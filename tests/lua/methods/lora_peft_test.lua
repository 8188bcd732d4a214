--- Export and import of LoRA folders of peft. (scripts/check_peft.py compares with peft itself.)
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

local function folder(body)
  local path = os.tmpname()
  os.remove(path)
  local ok, e = pcall(body, path)
  os.execute(("rm -r %q"):format(path))
  if not ok then error(e, 0) end
end

local function values(trainer, task)
  local found = {}
  for _, p in ipairs(trainer:parameters()) do
    local place = p.name:match("^lora%." .. task .. "%.(.*)$")
    if place then found[place] = p.value:detach() end
  end
  return found
end

return {
  ["training continues from an exported adapter"] = function()
    folder(function(path)
      local t = small.trainer { method = compt.methods.lora { rank = 3, alpha = 6, at = "*.{q,wo}" } }
      t:run()
      t:export_peft(path, { task = "sentiment" })
      small.refused("there is an adapter in this folder", t.export_peft, t, path)
      t:export_peft(path, { task = 2, overwrite = true })
      local file = torch.load(path .. "/adapter_model.safetensors")
      assert(file["base_model.model.encoder.block.0.layer.0.SelfAttention.q.lora_A.weight"].shape[1] == 3)
      local u = small.trainer { method = compt.methods.lora { given = path } }
      local wanted, count = values(t, "sentiment"), 0
      for place, value in pairs(values(u, "nli2")) do
        assert(torch.equal(value, wanted[place]), place)
        count = count + 1
      end
      assert(count == 2 * 5, count)
      assert(math.abs(u:gradients() - small.trainer({ method = compt.methods.lora {} }):gradients()) > 1e-6)
      local config = assert(io.open(path .. "/adapter_config.json")):read "a"
      assert(config:find('"lora_alpha": 6', 1, true) and config:find('"r": 3', 1, true), config)
    end)
  end,

  ["adapters other than LoRA are refused"] = function()
    folder(function(path)
      local t = small.trainer { method = compt.methods.bitfit {} }
      small.refused("is not a LoRA update", t.export_peft, t, path)
      local ssum = small.trainer {}
      small.refused("does not change the backbone for a task", ssum.export_peft, ssum, path)
      os.execute(("mkdir %q"):format(path))
      local function adapter(config, tensors)
        local file = assert(io.open(path .. "/adapter_config.json", "w"))
        file:write(config):close()
        torch.save(path .. "/adapter_model.safetensors", tensors)
        return compt.methods.lora { given = path }
      end
      local a, b = torch.ones(2, 16), torch.ones(16, 2)
      local place = "base_model.model.encoder.block.0.layer.0.SelfAttention.q"
      local both = { [place .. ".lora_A.weight"] = a, [place .. ".lora_B.weight"] = b }
      local good = '{ "peft_type": "LORA", "r": 2, "lora_alpha": 4, "bias": "none" }'
      small.trainer { method = adapter(good, both) }
      for why, method in pairs {
        ["not LORA"] = { '{ "peft_type": "PREFIX_TUNING" }', both },
        ["'use_dora' is not supported"] = { '{ "peft_type": "LORA", "r": 2, "lora_alpha": 4, "use_dora": true }', both },
        ["'lora_alpha' and 'r' must be"] = { '{ "peft_type": "LORA", "r": 0, "lora_alpha": 4 }', both },
        ["only one of its two matrices"] = { good, { [place .. ".lora_A.weight"] = a } },
        ["is not a LoRA matrix"] = { good, { embedding = a } },
        ["low_rank b is [8, 2]"] = { good, { [place .. ".lora_A.weight"] = a, [place .. ".lora_B.weight"] = torch.ones(8, 2) } },
      } do
        small.refused(why, small.trainer, { method = adapter(method[1], method[2]) })
      end
    end)
  end,
}
