--- Heat maps of isolated prompts and of routers: means over runs.
local compt = require "compt"

local scores = require "paper.scores"

local maps = {}

--- Finished cells that returned the values of the maps.
---@param runs compt.Runs
---@return compt.Runs
local function with_values(runs)
  return runs:finished():where(function(run) return type(run.values) == "table" end)
end

--- The task names of finished runs, in order.
---@param runs compt.Run[]
---@return string[]
local function tasks_of(runs)
  for _, run in ipairs(runs) do
    if run.values and run.values.order then return run.values.order end
  end
  local names = {}
  for name in sorted_pairs(runs[1] and runs[1].scores or {}) do names[#names + 1] = name end
  return names
end

--- The mean of a function over runs; nil if it returns no number.
---@param runs compt.Run[]
---@param of fun(run: compt.Run): number?
---@return number?
local function mean(runs, of)
  local list = {}
  for _, run in ipairs(runs) do list[#list + 1] = of(run) end
  return #list > 0 and compt.statistics.mean(list) or nil
end

--- Tasks by prompts: the score with one prompt only, and with all.
---@param runs compt.Runs
---@param title string
---@return compt.Figure
function maps.isolated(runs, title)
  local finished = with_values(runs)
  local tasks, looks, known = tasks_of(finished), {}, {}
  for _, run in ipairs(finished) do
    for look in sorted_pairs(run.values.isolated or {}) do
      if not known[look] then looks[#looks + 1], known[look] = look, true end
    end
  end
  local function order(look) return look:match "^src(%d+)$" and ("a%03d"):format(tonumber(look:match "%d+")) or "b" .. look end
  table.sort(looks, function(a, b) return order(a) < order(b) end)
  looks[#looks + 1] = "total"
  local values = {}
  for i, task in ipairs(tasks) do
    values[i] = {}
    for j, look in ipairs(looks) do
      values[i][j] = mean(finished, function(run)
        local isolated = run.values.isolated or {}
        return scores.main(run, task, look == "total" and run or isolated[look])
      end) or false
    end
  end
  return compt.figures.heat { title = title, rows = tasks, columns = looks, values = values, low = 0, high = 100, digits = 0, runs = runs }
end

--- Tasks by sources: router logits, or weights at inference, of one run or the mean of several.
---@param runs compt.Runs
---@param what "logits"|"weights"
---@param title string
---@return compt.Figure
function maps.router(runs, what, title)
  local finished = with_values(runs)
  local tasks, values, columns = tasks_of(finished), {}, {}
  local first = finished[1] and finished[1].values[what]
  for j = 1, first and #first[1] or 0 do columns[j] = "src" .. j - 1 end
  for i = 1, #tasks do
    values[i] = {}
    for j = 1, #columns do
      values[i][j] = mean(finished, function(run) return run.values[what] and run.values[what][i][j] end) or false
    end
  end
  return compt.figures.heat { title = title, rows = tasks, columns = columns, values = values, digits = 2, runs = runs }
end

return maps
