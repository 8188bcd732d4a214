--- Comparisons of methods: effects against a baseline, and mean ranks.
local about = require "compt.figures.about"
local arguments = require "compt.arguments"
local cells = require "compt.analysis.cells"
local collection = require "compt.analysis.collection"
local figure = require "compt.figures.figure"
local layout = require "compt.figures.layout"
local ranking = require "compt.statistics.ranking"
local result_table = require "compt.analysis.table"
local statistics = require "compt.statistics"

local effects = {}

local optional, name = arguments.optional, arguments.name

--- The key of a column as a title; empty if there is one column.
---@param t compt.ResultTable
local function title_of(t, column)
  if #t.columns == 1 then return "" end
  local parts = {}
  for i, part in ipairs(t.columns[column]) do
    local text = tostring(part)
    parts[i] = tonumber(text) and ("%s %s"):format(t.column_names[i], text) or text
  end
  return table.concat(parts, ", ")
end

--- Differences from a baseline with 95 % confidence intervals, one row a method: those of `compt.report.table`.
---@param runs compt.Runs
---@param given compt.ForestOptions
---@return compt.Figure
function effects.forest(runs, given)
  local call = "compt.figures.forest"
  collection.check(runs, call)
  local o = arguments.options(call, given, layout.with_rules {
    { "baseline", { text = "the value of a row", is = function(value) return value ~= nil end } }, { "by", name, "method" },
    { "panels", optional(name) }, { "value", arguments.name_or_function, "average" }, { "digits", arguments.whole(0), 1 },
    { "claim", arguments.one_of { "these tasks", "tasks" }, "these tasks" }, { "sort", arguments.flag, true }, layout.COLUMNS,
  })
  local t = result_table(runs, {
    rows = o.by, columns = o.panels, value = o.value, baseline = o.baseline, claim = o.claim,
  })
  local panels, any, base = {}, false, cells.text(o.baseline)
  for column = 1, #t.columns do
    local rows = {} ---@type table[]
    for i, key in ipairs(t.rows) do
      local line = t.cells[i] --[[@as compt.TableCell[] ]]
      local cell, parts = line[column] --[[@as compt.TableCell]], { tostring(key[#key]) }
      for k = 1, #key - 1 do parts[#parts + 1] = ("%s %s"):format(t.row_names[k], tostring(key[k])) end
      if tostring(key[#key]) ~= base then
        local mark = cell.p and (cell.p < 0.01 and "**" or cell.p < 0.05 and "*" or "") or ""
        rows[#rows + 1] = {
          name = table.concat(parts, ", "), effect = cell.effect, low = cell.low, high = cell.high, mark = mark,
        }
        any = any or cell.effect ~= nil
      end
    end
    if o.sort then table.sort(rows, function(a, b) return (a.effect or -math.huge) > (b.effect or -math.huge) end) end
    panels[column] = {
      kind = "forest", title = title_of(t, column), baseline = base, rows = rows, digits = o.digits,
    }
  end
  if #t.rows < 2 then error(("%s: no row is there to compare with '%s'"):format(call, cells.text(o.baseline)), 2) end
  if not any then about.no_value(runs, o.value, call) end
  local notes = about.runs(runs, "square: mean difference over the seeds of both; line: 95 % confidence interval")
  for _, note in ipairs(t.notes) do
    -- What the table says of its cells and of its best rows is not of these rows.
    if note:find "%f[%w]p < " or note:find "^averages" or note:find "^one task" or note:find "no mark" then notes[#notes + 1] = note end
  end
  return figure(call, "Differences from the baseline", notes, panels, o)
end

--- Mean ranks of methods over tasks with the critical difference of Nemenyi's test.
---@param runs compt.Runs
---@param given compt.RanksOptions?
---@return compt.Figure
function effects.ranks(runs, given)
  local call = "compt.figures.ranks"
  collection.check(runs, call)
  local o = arguments.options(call, given, layout.with_rules {
    { "by", name, "method" }, { "value", name, "average" }, { "alpha", { text = "0.05 or 0.1", is = function(x) return x == 0.05 or x == 0.1 end }, 0.05 },
  })
  collection.check_setting(runs, o.by, call)
  local names = about.split(runs, o.by)
  local order, scores, tasks = {}, {}, {} ---@type string[], table<string, table<string, number[]>>, table<string, integer>
  for _, run in ipairs(runs) do
    if cells.is_used(run) then
      local key = names[run]
      if not scores[key] then scores[key], order[#order + 1] = {}, key end
      for task, all in pairs(run.scores or {}) do
        local score = type(all) == "table" and all[o.value == "average" and cells.main(run, task) or o.value]
        if score then
          scores[key][task] = scores[key][task] or {}
          table.insert(scores[key][task], score)
        end
      end
    end
  end
  for _, of in pairs(scores) do
    for task in pairs(of) do tasks[task] = (tasks[task] or 0) + 1 end
  end
  local blocks, left_out = {}, 0
  for task, count in sorted_pairs(tasks) do
    if count == #order then
      local row = {}
      for i, key in ipairs(order) do row[i] = statistics.mean(scores[key][task]) end
      blocks[#blocks + 1] = row
    else
      left_out = left_out + 1
    end
  end
  if next(tasks) == nil then about.no_value(runs, o.value, call) end
  if #order < 2 or #blocks < 2 then
    error(("%s: ranks need two values of '%s' or more and two tasks that all of them have, not %d and %d"):format(
      call, o.by, #order, #blocks), 2)
  end
  local found = ranking.friedman(blocks)
  local critical = ranking.critical_difference(#order, #blocks, o.alpha)
  local notes = about.runs(runs, ("mean ranks over %d tasks, of means over seeds; 1 is best"):format(#blocks))
  local p = found.p < 0.001 and "p < 0.001" or ("p = %.3f"):format(found.p)
  local test = found.f < math.huge and ("F(%d, %d) = %.2f, %s"):format(#order - 1, (#order - 1) * (#blocks - 1), found.f, p)
    or ("all tasks agree, %s"):format(p)
  notes[#notes + 1] = ("Friedman test (Iman and Davenport): %s; bars join methods whose ranks differ by less than the critical difference of Nemenyi's test (alpha = %g)"):format(
    test, o.alpha)
  if left_out > 0 then notes[#notes + 1] = ("%d tasks are left out: not all have a score there"):format(left_out) end
  return figure(call, "Mean ranks", notes, {
    { kind = "ranks", title = "", names = order, ranks = found.ranks, critical = critical },
  }, o)
end

return effects
