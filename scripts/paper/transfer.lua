--- Prompts of one task on the rows of another, with labels converted (figure A1): what the prompt of a task with labels
--- predicts is set against the similarity of the row, and the similarity that the prompt of STS-B predicts against the
--- label of the row.
local sets = require "paper.sets"

local transfer = {}

--- The pairs of the figure, by the paper's names.
local PAIRS = { { "qnli", "stsb" }, { "stsb", "qnli" }, { "rte", "stsb" }, { "stsb", "rte" } }

--- What the labels mean for two sentences.
transfer.meanings = {
  qnli = { entailment = "similar", not_entailment = "not similar" },
  rte = { entailment = "similar", not_entailment = "not similar" },
}

--- A method that uses this prompt [m, d] for every task and trains nothing.
---@param prompt torch.Tensor
local function shown(prompt)
  return {
    name = "shown", lr = { prompt = 0 },
    build = function(setup)
      local p = setup:parameter("prompt", "p", prompt)
      return { give = function(batch) return batch:each(function() return p end) end }
    end,
  }
end

--- Checks that each label of the test rows has a meaning. Raises an error that names the one without.
---@param tasks compt.Tasks
---@param set string
---@param only string[]?
function transfer.check(tasks, set, only)
  for task, meanings in sorted_pairs(transfer.meanings) do
    local name = sets.task(set, only, task)
    for _, row in ipairs(tasks:rows(name, "test")) do
      if not meanings[row.target] then
        error(("the label '%s' of the task '%s' is not converted: add it to transfer.meanings"):format(row.target, name), 0)
      end
    end
  end
end

---@class paper.Transfer
---@field from string
---@field to string
---@field groups { name: string, values: number[] }[] -- similarities by meaning
---@field others integer -- answers that are none of the prompt's own task

--- Sorts the similarities of rows by meaning.
---@param predictions compt.Prediction[]
---@param from string
---@param to string
---@return paper.Transfer
local function sorted(predictions, from, to)
  local meanings = (transfer.meanings[from] or transfer.meanings[to]) --[[@as table<string, string>]]
  local similar, unlike, others = { name = "similar", values = {} }, { name = "not similar", values = {} }, 0
  for _, one in ipairs(predictions) do
    local number = tonumber(from == "stsb" and one.prediction or one.label)
    local meaning = meanings[from == "stsb" and one.label or one.prediction]
    if number and number >= 0 and number <= 5 and meaning then
      table.insert((meaning == "similar" and similar or unlike).values, number)
    else
      others = others + 1
    end
  end
  return { from = from, to = to, groups = { similar, unlike }, others = others }
end

--- Evaluates the prompts of a trained model on rows of other tasks; answers are decoded in full.
---@param t compt.Trainer
---@param tasks compt.Tasks
---@param set string
---@param only string[]?
---@param trainer fun(tasks: compt.Tasks, method: any, name: string): compt.Trainer
---@return paper.Transfer[]
function transfer.of(t, tasks, set, only, trainer)
  local found = {}
  for i, pair in ipairs(PAIRS) do
    local from, to = sets.task(set, only, pair[1]), sets.task(set, only, pair[2])
    local other = trainer(tasks, shown(t:prompt(from):detach()), ("%s-on-%s"):format(from, to))
    local result = other:evaluate("test", { tasks = { to }, decoding = "full", limit = 100 })
    found[i] = sorted(result.predictions[to], pair[1], pair[2])
  end
  return found
end

return transfer
