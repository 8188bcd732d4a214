--- Reading and writing prompts.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

local function temporary(ending) return os.tmpname() .. ending end

--- A trainer of plain prompt tuning on one task, with prompts before the input.
local function prompt_tuning(changes)
  local options = {
    tasks = small.tasks { tasks = { "nli2" } }, placement = "prepend",
    method = compt.methods.pt { encoder = "none", length = 3, alone = false },
  }
  for key, value in pairs(changes or {}) do options[key] = value end
  return small.trainer(options)
end

return {
  ["prompts of a trainer have names and their placement"] = function()
    local t = small.trainer()
    local prompts = t:prompts()
    assert(#prompts == 8 and #prompts.names == 8)
    assert(table.concat(prompts.tasks, " ") == "nli2 sentiment similarity")
    assert(prompts.method == "ssum" and prompts.placement == "append")
    assert(prompts.backbone == "random" and next(prompts.scores) == nil)
    local p = prompts:get "nli2"
    assert(p.name == "nli2" and p.length == 3 and p.d_model == 16 and p.placement == "append")
    assert(torch.equal(p.value, t:prompt "nli2"))
    assert(torch.equal(prompts:get("source.1").value, t.bank:source(2):detach()))
    assert(torch.equal(prompts:get("private.nli2").value, t.bank:private("nli2"):detach()))
    small.refused("did you mean 'nli2'?", prompts.get, prompts, "nli")
    assert(tostring(prompts):find "prompts%(ssum: 8%)" and tostring(p):find "prompt%(nli2: %[3, 16%], append")
  end,

  ["saved prompts are loaded with their metadata"] = function()
    local t = small.trainer()
    t:step()
    local file = temporary ".safetensors"
    t:prompts():get("nli2"):save(file)
    local loaded = compt.prompts.load(file)
    assert(#loaded == 1 and loaded.method == "ssum" and loaded.placement == "append")
    assert(torch.equal(loaded:get("nli2").value, t:prompt "nli2"))
    t:prompts():get("source.0"):save(file)
    assert(compt.prompts.load(file).names[1] == "source.0")
    os.remove(file)
    small.refused("no such file or folder", compt.prompts.load, file)
  end,

  ["prompts of another backbone are refused with a reason"] = function()
    local micro = compt.backbone("micro", { device = "cpu" })
    local t = small.trainer { backbone = micro }
    local file = temporary ".safetensors"
    t:prompts():get("nli2"):save(file)
    assert(compt.prompts.load(file, { backbone = micro }):get("nli2").backbone == "micro")
    small.refused("is 128 wide, the backbone 'random' 16", compt.prompts.load, file,
      { backbone = small.backbone() })
    -- The name of the weights in the file, made another's.
    local handle = assert(io.open(file, "rb"))
    local bytes = handle:read "a"
    handle:close()
    local at = assert(bytes:find('fingerprint\\":\\"', 1, true)) + #'fingerprint\\":\\"'
    local other = bytes:sub(at, at) == "0" and "1" or "0"
    handle = assert(io.open(file, "wb"))
    handle:write(bytes:sub(1, at - 1), other, bytes:sub(at + 1))
    handle:close()
    small.refused("other weights: 'micro', not those of 'micro'", compt.prompts.load, file, { backbone = micro })
    assert(#compt.prompts.load(file, { backbone = micro, force = true }) == 1)
    os.remove(file)
  end,

  ["a prompt is exported to peft and imported again"] = function()
    local t = prompt_tuning()
    local p, folder = t:prompts():get "nli2", temporary "_peft"
    for _, kind in ipairs { "PROMPT_TUNING", "P_TUNING" } do
      p:export_peft(folder, { type = kind, overwrite = true })
      local back = compt.prompts.import_peft(folder)
      assert(#back == 1 and back.placement == "prepend" and back.backbone == "random")
      assert(back.method == kind:lower() and torch.equal(back:get(back.names[1]).value, p.value))
    end
    small.refused("there is an adapter in this folder", p.export_peft, p, folder)
    small.refused("did you mean 'P_TUNING'?", p.export_peft, p, folder, { type = "P_TUNIG" })
    small.refused("prompts:export_peft(dir)", p.export_peft, p, folder,
      { type = "MULTITASK_PROMPT_TUNING" })
  end,

  ["prompts after the input are exported to peft only with force"] = function()
    local prompts, folder = small.trainer():prompts(), temporary "_peft"
    local p = prompts:get "nli2"
    small.refused("was trained after the input", p.export_peft, p, folder)
    small.refused("was trained after the input", prompts.export_peft, prompts, folder)
    p:export_peft(folder, { force = true })
  end,

  ["prompts of several tasks are one folder, each exactly"] = function()
    local prompts, folder = small.trainer({ placement = "prepend" }):prompts(), temporary "_peft"
    prompts:export_peft(folder)
    local back = compt.prompts.load(folder)
    assert(table.concat(back.names, " ") == table.concat(prompts.tasks, " "))
    for _, task in ipairs(prompts.tasks) do
      assert(torch.equal(back:get(task).value, prompts:get(task).value), task)
    end
  end,

  ["prompts are merged by weights"] = function()
    local prompts = small.trainer():prompts()
    local p, q = prompts:get "nli2", prompts:get "sentiment"
    local merged = compt.prompts.merge { { p, 0.3 }, { q, 0.7 } }
    assert(torch.allclose(merged.value, p.value * 0.3 + q.value * 0.7, { atol = 1e-6 }))
    assert(merged.name == "merged" and merged.placement == "append" and merged.backbone == "random")
    local longer = small.trainer({ method = compt.methods.ssum { sources = 2, length = 4 } }):prompts()
    small.refused("prompts of the same shape", compt.prompts.merge, { { p, 1 }, { longer:get "nli2", 1 } })
    small.refused("entry 2 must be { prompt, weight }: its first is a tensor", compt.prompts.merge,
      { { p, 1 }, { p.value, 1 } })
    small.refused("entry 1 must be { prompt, weight }: its second is a nil", compt.prompts.merge, { { p } })
    small.refused("nothing to merge", compt.prompts.merge, {})
  end,

  ["training continues from an imported prompt"] = function()
    local before = prompt_tuning { steps = 4 }
    before:run()
    local folder = temporary "_peft"
    before:prompts():get("nli2"):export_peft(folder)
    local imported = compt.prompts.load(folder, { backbone = before.backbone })
    local p = imported:get(imported.names[1])
    local after = prompt_tuning {
      backbone = before.backbone, placement = p.placement,
      method = compt.methods.pt {
        encoder = "none", alone = false, length = p.length, init = { kind = "given", value = p.value },
      },
    }
    assert(torch.equal(after:prompt "nli2", before:prompt "nli2"))
    local wanted, found = before:evaluate(), after:evaluate()
    assert(found.average == wanted.average)
    for i, row in ipairs(found.predictions.nli2) do
      assert(row.prediction == wanted.predictions.nli2[i].prediction)
    end
    after:run()
    assert(not torch.equal(after:prompt "nli2", p.value) and torch.equal(p.value, before:prompt "nli2"))
  end,
}
