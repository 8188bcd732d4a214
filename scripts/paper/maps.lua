--- Heat maps of isolated prompts and of routers, each of one run: source prompts have no order that two runs share, so
--- that a mean of `src0` over seeds means nothing.
local compt = require "compt"

local maps = {}

--- The main metric of a task in a run, or in another evaluation of it; nil if there is none.
---@param run compt.Run
---@param task string
---@param look { scores: table<string, table<string, number>>? }?
---@return number?
local function main(run, task, look)
  local of_task = look and look.scores and look.scores[task] or {}
  local names = (run.metrics or {})[task] or {}
  return of_task[names[1]]
end

--- The run whose average over tasks is the median of some finished runs (with an even number, the lower one of the two in the
--- middle; of equal ones the first seed), and its seed.
---@param runs compt.Runs
---@return compt.Runs, any
function maps.median(runs)
  local finished = runs:finished()
  local list = table.move(finished, 1, #finished, 1, {}) ---@type compt.Run[]
  table.sort(list, function(a, b)
    if a.average ~= b.average then return a.average < b.average end
    return tostring(a.settings.seed) < tostring(b.settings.seed)
  end)
  local one = list[(#list + 1) // 2]
  return finished:where(function(run) return run == one end), one and one.settings.seed
end

---@param looks string[]
local function by_place(looks)
  local function order(look)
    local number = look:match "^src(%d+)$"
    return number and ("a%03d"):format(tonumber(number)) or "b" .. look
  end
  table.sort(looks, function(a, b) return order(a) < order(b) end)
  return looks
end

--- Tasks by prompts: the score with one prompt only, and with all; the last row is the average.
---@param runs compt.Runs -- seeds of one configuration, of which the median one is shown
---@param title string
---@return compt.Figure
function maps.isolated(runs, title)
  local one, seed = maps.median(runs)
  local run = one[1]
  if not run then return compt.figures.heat { title = title, rows = {}, columns = {}, values = {} } end
  local isolated, looks = (run.values or {}).isolated, {}
  if not isolated then error(run.path .. " has no scores of isolated prompts", 0) end
  for look in sorted_pairs(isolated) do looks[#looks + 1] = look end
  by_place(looks)[#looks + 1] = "total"
  local rows, values = {}, {}
  local function score(task, look) return main(run, task, look == "total" and run or isolated[look]) end
  for i, task in ipairs(run.values.order) do
    rows[i], values[i] = task, {}
    for j, look in ipairs(looks) do values[i][j] = score(task, look) or false end
  end
  local averages = {}
  for j, look in ipairs(looks) do averages[j] = (look == "total" and run or isolated[look]).average or false end
  rows[#rows + 1], values[#values + 1] = "average", averages
  return compt.figures.heat {
    title = ("%s; seed %s"):format(title, tostring(seed)), rows = rows, columns = looks, values = values, low = 0,
    high = 100, digits = 0, runs = one,
  }
end

--- Tasks by sources: the router's logits, or its weights at inference.
---@param runs compt.Runs -- seeds of one configuration, of which the median one is shown
---@param what "logits"|"weights"
---@param title string
---@return compt.Figure
function maps.router(runs, what, title)
  local one, seed = maps.median(runs)
  local run = one[1]
  local values, columns = run and run.values[what] or {}, {}
  for j = 1, #(values[1] or {}) do columns[j] = "src" .. j - 1 end
  return compt.figures.heat {
    title = ("%s; seed %s"):format(title, tostring(seed)), rows = run and run.values.order or {}, columns = columns,
    values = values, digits = 2, runs = one,
  }
end

return maps
