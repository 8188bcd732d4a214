--- `compt check-device`: whether a device computes what the CPU computes, and how fast.
local methods = require "compt.methods"
local native = require "compt.native"

--- The largest accepted differences to float32 on the CPU, relative to the largest value compared.
local LIMITS = {
  float32 = { logits = 1e-4, loss = 1e-4, gradients = 1e-3, texts = 0 },
  bfloat16 = { logits = 5e-2, loss = 2e-2, gradients = 2e-1, texts = 2 },
}
--- The same for the losses of a few steps, in float32.
local STEPS, STEPS_LIMIT = 3, 1e-3
local TEXTS = { "a warm and funny story", "the film is dull", "who has a dog ?", "it rains , so the match is off" }
--- The methods with random numbers in a step, which differ between devices; the router of the others has none.
local RANDOM = { mp2 = true }
local SHARED = { ssum = true, msum = true, mcat = true }

local failures = 0

--- Prints a value, and whether it is within its limit.
local function report(name, value, limit)
  local ok = limit == nil or value <= limit
  if not ok then failures = failures + 1 end
  local mark = limit == nil and "" or ok and "ok" or "FAILED"
  local bound = limit and ("  (at most %.3g)"):format(limit) or ""
  print(("%-7s %-48s %.4g%s"):format(mark, name, value, bound))
end

--- The largest difference of two tensors, relative to the largest value of the first.
---@param a torch.Tensor
---@param b torch.Tensor
---@return number
local function difference(a, b)
  local x, y = a:detach():cpu():float(), b:detach():cpu():float()
  local apart, most = (x - y):abs():max():item(), x:abs():max():item()
  return apart --[[@as number]] / math.max(most --[[@as number]], 1e-12)
end

local function trainer(backbone, tasks, options)
  local all = {
    backbone = backbone, tasks = tasks, method = methods.ssum { router = "free" }, steps = 2 * STEPS, batch_size = 8,
    dropout = 0, seed = 1, progress = false,
  }
  for key, value in pairs(options or {}) do all[key] = value end
  return native.trainer(all)
end

--- Logits, loss, gradients and greedy texts of the built-in backbone.
local function results(device, dtype, tasks)
  local backbone = native.backbone("micro", { device = device, dtype = dtype })
  local ids, labels = {}, {}
  local tokenizer = backbone.tokenizer
  for i, text in ipairs(TEXTS) do ids[i], labels[i] = tokenizer:encode(text), { 5, 9, 1 } end
  local out = backbone:forward { input_ids = ids, labels = labels, dropout = 0 }
  local loss, gradients = trainer(backbone, tasks):gradients()
  local texts = backbone:generate({ input_ids = ids, max_new_tokens = 8 }).text
  return { logits = out.logits --[[@as torch.Tensor]], loss = loss, gradients = gradients, texts = texts }
end

local function check_model(device, tasks)
  local cpu = results("cpu", "float32", tasks)
  for _, dtype in ipairs { "float32", "bfloat16" } do
    local found, limits = results(device, dtype, tasks), LIMITS[dtype]
    report(dtype .. ": logits", difference(cpu.logits, found.logits), limits.logits)
    report(dtype .. ": loss", math.abs(cpu.loss - found.loss) / cpu.loss, limits.loss)
    local worst, different = 0.0, 0
    for name, gradient in pairs(cpu.gradients) do
      worst = math.max(worst, difference(gradient, found.gradients[name]))
    end
    report(dtype .. ": gradients", worst, limits.gradients)
    for i, text in ipairs(cpu.texts) do
      if text ~= found.texts[i] then different = different + 1 end
    end
    report(dtype .. ": greedy texts that differ", different, limits.texts)
  end
end

local function losses(method, backbone, tasks)
  local t, found = trainer(backbone, tasks, { method = method }), {}
  for step = 1, STEPS do found[step] = t:step().loss end
  return found
end

--- The same steps of a method on the CPU and on the device.
local function check_method(name, device, tasks, make)
  local function on(where)
    return losses(make(), native.backbone("micro", { device = where, dtype = "float32" }), tasks)
  end
  local cpu, found, worst = on "cpu", on(device), 0.0
  for step, loss in ipairs(cpu) do
    local apart = math.abs(loss - found[step]) / loss
    worst = apart == apart and math.max(worst, apart) or math.huge
  end
  report(name .. (": losses of %d steps"):format(STEPS), worst, RANDOM[name] and 1 or STEPS_LIMIT)
end

local OPERATOR = [[
local torch = require "compt.torch"
return function(private, sources, weights)
  local scale = torch.full({ 1, 1, 1 }, 2)
  return private + scale * (weights:unsqueeze(-1):unsqueeze(-1) * sources):sum(2)
end
]]

local function check_operator(device, tasks)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(OPERATOR)
  file:close()
  native.compose.define("check_device", path --[[@as any]])
  check_method("an operator from a file", device, tasks, function()
    return { name = "own-operator", compose = "check_device", router = "free", sources = 2, length = 4,
      lr = { router = 0.1, source = 0.05, private = 0.02 } }
  end)
  os.remove(path)
end

--- Seconds of a step, in the median, with rows of a fixed length over a backbone of these sizes; and the memory that
--- the steps take.
local function measured_step(device, size, steps, memory)
  local micro = native.backbone("micro", { device = "cpu" })
  local backbone = native.backbone({
    d_model = size.width, d_kv = 64, d_ff = size.inner, num_heads = size.width // 64, num_layers = size.layers,
    num_decoder_layers = size.layers, vocab_size = micro.vocab_size, feed_forward_proj = "gated-gelu",
    tie_word_embeddings = false,
  }, { tokenizer = micro.tokenizer, device = device, dtype = "auto", seed = 1 })
  local batch = { source = {}, target = {} }
  for row = 1, size.rows do
    local source, target = {}, {}
    for i = 1, size.source - 1 do source[i] = 10 + (row * i) % 100 end
    for i = 1, size.target - 1 do target[i] = 10 + (row + i) % 100 end
    source[size.source], target[size.target] = 1, 1
    batch.source[row], batch.target[row] = source, target
  end
  local t = native.trainer {
    backbone = backbone, stream = function() return batch end, steps = steps + 2, batch_size = size.rows, seed = 1,
    method = methods.pt { length = size.prompt, encoder = "none", alone = false }, progress = false,
  }
  collectgarbage()
  memory(true)
  t:run { steps = 2 }
  local all = {}
  for i = 1, steps do all[i] = t:step().seconds end
  table.sort(all)
  return all[(steps + 1) // 2], backbone.dtype, memory(false)
end

--- Checks a device against the CPU, and prints a line for each comparison.
---@param device string
---@param size table layers, width, inner; rows, source, prompt and target: the lengths of the timed step
---@param steps integer how many steps are timed
---@param memory fun(begins: boolean): integer? called before the steps, and after them for their peak in bytes
---@return integer failures
---@return number seconds of a step, in the median
---@return string dtype of the timed backbone
---@return integer? bytes that the steps take at most, beyond the model
return function(device, size, steps, memory)
  local tasks = native.tasks("micro", { shots = 8, seed = 1 })
  check_model(device, tasks)
  local names = {}
  for name in pairs(methods) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local options = SHARED[name] and { router = "free" } or {}
    if name == "spot" then options.from = tasks end
    if name == "grouped" then options.groups = { all = tasks.names } end
    -- Drawn on the device: other numbers than on the CPU.
    if name == "adept" then options.dropout = 0 end
    check_method(name, device, tasks, function() return methods[name](options) end)
  end
  check_operator(device, tasks)
  local seconds, dtype, bytes = measured_step(device, size, steps, memory)
  return failures, seconds, dtype, bytes
end
