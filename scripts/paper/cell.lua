--- One run of the paper's studies: trains, evaluates and analyses a method from plain settings. All studies share it, so
--- that runs with equal settings are made once.
---
--- Settings: backbone, dtype, tasks (a set), only (some of its tasks), added (a task of another set that is trained with
--- them), data, shots, per, seed, max_test, method, sources, length, weights ("learned" or "constant"), source_lr,
--- private_lr, scale (of all learning rates), epochs, batch_size, max_source_length; `transfer` evaluates prompts on the
--- rows of other tasks.
local compt = require "compt"
local methods = require "paper.methods"
local sets = require "paper.sets"
local transfer = require "paper.transfer"

local cell = {}

--- The number of test rows of a task for isolated prompts, as in the paper (section 5.1.2).
local ROWS = 100

--- The tasks of a cell.
---@param s table<string, any>
---@return compt.Tasks
function cell.tasks(s)
  local options = { data = s.data, shots = s.shots, per = s.per, seed = s.seed, max_test = s.max_test }
  if not s.added then
    options.tasks = s.only
    return compt.tasks(s.tasks, options)
  end
  local names = sets.qualified(s.tasks, s.only)
  names[#names + 1] = s.added
  return compt.tasks(names, options)
end

--- A trainer that has made all its steps, and what makes another one with the same options.
---@param s table<string, any>
---@return compt.Trainer, compt.Tasks, fun(tasks: compt.Tasks, method: any, name: string?): compt.Trainer
function cell.trained(s)
  local backbone, tasks = compt.backbone(s.backbone, { dtype = s.dtype }), cell.tasks(s)
  local function trainer(on, method, name)
    return compt.trainer {
      name = name, backbone = backbone, tasks = on, method = method, epochs = s.epochs, batch_size = s.batch_size,
      max_source_length = s.max_source_length, seed = s.seed,
    }
  end
  local t = trainer(tasks, methods.of(s))
  t:run()
  return t, tasks, trainer
end

--- The names of the scored tasks: an added task is trained only.
---@param tasks compt.Tasks
---@param s table<string, any>
---@return string[]
local function scored(tasks, s)
  local names, without = {}, s.added and s.added:match "[^.]*$"
  for _, name in ipairs(tasks.names) do
    if name ~= without then names[#names + 1] = name end
  end
  return names
end

--- The scores of some tasks, without predictions, and their average.
---@param result compt.Result
---@param tasks compt.Tasks
---@param names string[]
local function brief(result, tasks, names)
  local of_task, list = {}, {}
  for i, name in ipairs(names) do
    of_task[name] = result.scores[name]
    list[i] = of_task[name][tasks:metrics(name)[1]]
  end
  return { average = compt.statistics.mean(list), scores = of_task }
end

--- The parts of a composition that are evaluated alone: each source, all sources, and the private prompt; only sources for the
--- product, which needs both.
---@param s table<string, any>
---@return string[]
local function parts(s)
  local names = {}
  for i = 0, s.sources - 1 do names[#names + 1] = "src" .. i end
  if s.method == "ssum" then
    names[#names + 1] = "all_src"
    names[#names + 1] = "private"
  end
  return names
end

--- Makes the run and returns its scores.
---@param s table<string, any>
function cell.run(s)
  local t, tasks, trainer = cell.trained(s)
  local names = scored(tasks, s)
  local function look(options) return brief(t:evaluate("test", options), tasks, names) end
  local values = look() --[[@as table<string, any>]]
  if s.transfer then values.transfer = transfer.of(t, tasks, s.tasks, s.only, trainer) end
  if not s.sources then return values end
  values.isolated = {}
  for _, only in ipairs(parts(s)) do values.isolated[only] = look { only = only, limit = ROWS } end
  if s.method == "ssum" and s.sources == 1 then
    -- What is predicted with each part, to the end of each answer.
    look { decoding = "full", limit = ROWS }
    for _, only in ipairs { "all_src", "private" } do look { only = only, decoding = "full", limit = ROWS } end
  end
  local router = t.router --[[@as compt.Router]]
  values.weights = router:weights(names, { train = false }):tolist()
  values.logits = s.weights ~= "constant" and router.logits and router.logits:tolist() or nil
  values.order = names
  -- The gap between training and inference: weights in training never differ as much as these.
  values.alike = look({ normalise = "softmax_sigmoid" }).average
  return values
end

return cell
