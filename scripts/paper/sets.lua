--- The task sets of the studies: GLUE and SET2 of the paper, and the micro tasks that take their place.
local sets = {}

--- Set -> the paper's name of a task -> its name in the set.
---@type table<string, table<string, string>>
local NAMES = {
  glue = {
    cola = "cola", mnli = "mnli", mrpc = "mrpc", qnli = "qnli", qqp = "qqp", rte = "rte", sst2 = "sst2", stsb = "stsb",
  },
  micro = {
    cola = "acceptability", mnli = "nli3", mrpc = "paraphrase", qnli = "qnli", qqp = "dupq", rte = "nli2",
    sst2 = "sentiment", stsb = "similarity",
  },
  set2 = {
    multinli = "multinli", scitail = "scitail", imdb = "imdb", yelp_polarity = "yelp_polarity", paws = "paws",
    mrpc = "mrpc",
  },
  micro_set2 = {
    multinli = "claims3", scitail = "claims2", imdb = "reviews", yelp_polarity = "ratings", paws = "restated",
    mrpc = "paraphrase",
  },
}

--- The name of one of the paper's tasks in a set. Raises an error if the set, or `only`, lacks it.
---@param set string
---@param only string[]?
---@param task string
---@return string
function sets.task(set, only, task)
  local name = (NAMES[set] or {})[task]
  local found = name ~= nil and only == nil
  for _, one in ipairs(only or {}) do found = found or one == (name or task) end
  if found then return name or task end
  if NAMES[set] == nil and only == nil and set == task then return task end
  local wanted = name and name ~= task and ("'%s' (in place of %s)"):format(name, task) or ("'%s'"):format(task)
  error(("this study needs the task %s, which %s lacks"):format(wanted, only and "--set only" or "the set " .. set), 0)
end

--- Names of tasks that say which set they are from, in alphabetical order. Raises an error if the set is not one of these.
---@param set string
---@param only string[]?
---@return string[]
function sets.qualified(set, only)
  local found, names = {}, NAMES[set]
  if not names then error(("this study needs glue, set2 or a micro set, not '%s'"):format(set), 0) end
  local list = only or {}
  if not only then
    for _, name in pairs(names) do list[#list + 1] = name end
  end
  for i, name in ipairs(list) do found[i] = set .. "." .. name end
  table.sort(found)
  return found
end

return sets
