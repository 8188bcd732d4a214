--- Heat maps: of any numbers, and of what one task's prompt gives another task.
local about = require "compt.figures.about"
local arguments = require "compt.arguments"
local cells = require "compt.analysis.cells"
local collection = require "compt.analysis.collection"
local figure = require "compt.figures.figure"
local layout = require "compt.figures.layout"
local library = require "compt.library"
local statistics = require "compt.statistics"

local maps = {}

local number = arguments.optional(arguments.number)
local SHADES = { "shades", arguments.one_of { "sequential", "diverging", "grey" }, "sequential" }

--- A heat map with values in its cells; `false` is a missing value.
---@param given compt.HeatOptions
---@return compt.Figure
function maps.heat(given)
  local call = "compt.figures.heat"
  local list = arguments.sequence
  local o = arguments.options(call, given, layout.with_rules {
    { "rows", list }, { "columns", list }, { "values", list }, SHADES, { "center", number }, { "low", number }, { "high", number },
    { "digits", arguments.whole(0), 1 }, { "numbers", arguments.flag, true }, { "runs", arguments.optional(arguments.any) },
  })
  if o.center and o.shades ~= "diverging" then error(call .. [[: center is for shades = "diverging"]], 2) end
  return figure(call, "", about.runs(o.runs), {
    {
      kind = "heat", title = "", x_label = "", y_label = "", rows = o.rows, columns = o.columns, values = o.values,
      low = o.low, high = o.high, digits = o.digits, shades = o.shades, center = o.center, numbers = o.numbers,
    },
  }, o)
end

--- The mean scores of runs by a setting and a task.
---@param runs compt.Runs
---@param names table<compt.Run, string>
---@param metric string
---@return table<string, table<string, number[]>>, string[], string[]
local function scores_by(runs, names, metric)
  local found, sources, tasks, known = {}, {}, {}, {}
  for _, run in ipairs(runs) do
    local source = names[run] --[[@as string?]]
    if source then
      if not found[source] then found[source], sources[#sources + 1] = {}, source end
      for task, scores in sorted_pairs(run.scores or {}) do
        local score = type(scores) == "table" and scores[metric == "average" and cells.main(run, task) or metric]
        if score then
          if not known[task] then known[task], tasks[#tasks + 1] = true, task end
          found[source][task] = found[source][task] or {}
          table.insert(found[source][task], score)
        end
      end
    end
  end
  return found, sources, tasks
end

--- The score of each task by a setting, such as the task whose prompt a run started from; or its difference from a baseline.
---@param runs compt.Runs
---@param given compt.TransferOptions
---@return compt.Figure
function maps.transfer(runs, given)
  local call = "compt.figures.transfer"
  collection.check(runs, call)
  local o = arguments.options(call, given, layout.with_rules {
    { "source", arguments.name }, { "baseline", arguments.optional(arguments.any) }, { "value", arguments.name, "average" },
    { "low", number }, { "high", number }, { "digits", arguments.whole(0), 1 },
  })
  collection.check_setting(runs, o.source, call)
  local found, sources, tasks = scores_by(runs, about.split(runs, o.source), o.value)
  if #tasks == 0 then about.no_value(runs, o.value, call) end
  local base = o.baseline ~= nil and cells.text(o.baseline) or nil
  if base and not found[base] then library.known("baseline", base, sources, call) end
  local rows, values = {}, {}
  for _, source in ipairs(sources) do
    if source ~= base then
      local row = {}
      for j, task in ipairs(tasks) do
        local own, other = found[source][task], base and found[base][task]
        local mean = own and statistics.mean(own) or false
        row[j] = mean and (not base or other and true) and mean - (other and statistics.mean(other) or 0) or false
      end
      rows[#rows + 1], values[#values + 1] = source, row
    end
  end
  local note = base and ("difference from %s"):format(base) or nil
  return figure(call, ("%s of each task by %s"):format(o.value == "average" and "score" or o.value, o.source), about.runs(runs, note), {
    {
      kind = "heat", title = "", x_label = "task", y_label = o.source, rows = rows, columns = tasks, values = values, low = o.low,
      high = o.high, digits = o.digits, shades = base and "diverging" or "sequential",
    },
  }, o)
end

return maps
