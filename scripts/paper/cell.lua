--- One run of the paper's studies: trains, evaluates and analyses a method from plain settings. All studies share it, so
--- that runs with equal settings are made once.
---
--- Settings: backbone, dtype, tasks (a set), only (some of its tasks), data, shots, per, seed, max_test,
--- method, sources, length, weights ("learned" or "constant"), private_lr, epochs, batch_size,
--- max_source_length; `transfer` evaluates the prompt of each task on every other task; `added` names the
--- task that is added to a model of the others.
local compt = require "compt"
local added = require "paper.added"
local transfer = require "paper.transfer"

local m = compt.methods

--- Learning rates that differ from the defaults: those of scripts/compare.lua, chosen on validation rows of the micro tasks
--- with a seed that no study uses.
---@type table<string, fun(s: table<string, any>): compt.Method>
local peers = {
  ["fine-tuning"] = function() return m.fine_tuning { lr = { backbone = 3e-4 } } end,
  ["pt-m"] = function(s) return m.pt { alone = false, length = s.length } end,
  spot = function(s) return m.spot { length = s.length } end,
  attempt = function(s)
    return m.attempt { length = s.length, lr = { source = 1, private = 1, attention = 0.1 } }
  end,
  ["attempt-m"] = function(s)
    return m.attempt { length = s.length, shared = true, lr = { source = 0.3, private = 0.3, attention = 0.01 } }
  end,
  mpt = function(s)
    return m.mpt { length = s.length, lr = { teacher = 0.3, shared = 0.1, source = 0.1, private = 0.1 } }
  end,
}

---@param s table<string, any>
---@return compt.Method
local function method_of(s)
  local peer = peers[s.method]
  if peer ~= nil then return peer(s) end
  local declare = m[s.method] --[[@as fun(options: compt.MethodOptions): compt.Method]]
  local lr = { private = s.private_lr }
  if s.method == "pt" then return declare { length = s.length, lr = lr } end
  local router = s.weights == "constant" and "constant" or "relaxed_bernoulli"
  return declare { sources = s.sources, length = s.length, router = router, lr = lr }
end

--- Scores without predictions.
---@param result compt.Result
local function brief(result) return { average = result.average, scores = result.scores } end

--- The same prompts with one source only, all sources, or the private prompt only; not for the product, which needs both.
---@param t compt.Trainer
---@param s table<string, any>
local function isolated(t, s)
  local found = {}
  for i = 0, s.sources - 1 do
    found["src" .. i] = brief(t:evaluate("test", { only = "src" .. i }))
  end
  if s.method == "ssum" then
    for _, only in ipairs { "all_src", "private" } do found[only] = brief(t:evaluate("test", { only = only })) end
  end
  return found
end

---@param s table<string, any>
return function(s)
  local backbone = compt.backbone(s.backbone, { dtype = s.dtype })
  local options = {
    data = s.data, shots = s.shots, per = s.per, seed = s.seed, max_test = s.max_test, tasks = s.only,
  }
  local function trainer(tasks, method, name)
    return compt.trainer {
      name = name, backbone = backbone, tasks = tasks, method = method, epochs = s.epochs,
      batch_size = s.batch_size, max_source_length = s.max_source_length, seed = s.seed,
    }
  end
  if s.added then return added(s, options, trainer) end

  local tasks = compt.tasks(s.tasks, options)
  local t = trainer(tasks, method_of(s))
  t:run()
  local values = brief(t:evaluate "test") --[[@as table<string, any>]]
  if s.transfer then values.transfer = transfer(t, tasks, trainer) end
  if s.sources then
    values.isolated = isolated(t, s)
    local router = t.router --[[@as compt.Router]]
    values.weights = router:weights(tasks.names, { train = false }):tolist()
    values.logits = s.weights ~= "constant" and router.logits and router.logits:tolist() or nil
    values.order = tasks.names
    -- The gap between training and inference: weights in training never differ as much as these.
    values.alike = t:evaluate("test", { normalise = "softmax_sigmoid" }).average
  end
  return values
end
