--- The default sections of a report.
local cells = require "compt.analysis.cells"
local facts = require "compt.report.facts"
local figures = require "compt.figures"
local library = require "compt.library"
local result_table = require "compt.analysis.table"
local standing = require "compt.report.standing"

--- Maximum number of lines and points of a figure, and of rows of a table.
local MOST_LINES, MOST_POINTS, MOST_ROWS = 12, 20, 200

--- The number of values of a setting.
---@param runs compt.Runs
---@return integer
local function count_of(runs, name)
  local known, count = {}, 0
  for _, run in ipairs(runs) do
    local text = cells.text(run.settings[name])
    if not known[text] then known[text], count = true, count + 1 end
  end
  return count
end

--- The setting that separates the lines of a figure: the method if it varies.
---@param runs compt.Runs
---@return string
local function by_of(runs)
  for _, name in ipairs(cells.independent(runs)) do
    if name == "method" or count_of(runs, name) <= MOST_LINES then return name end
  end
  return cells.common(runs)
end

--- The number of lines of a figure with one panel.
---@param figure compt.Figure
---@return integer
local function lines_in(figure) return #figure.chart.panels[1].series end

--- A line plot over each numeric setting that varies, with lines by that setting.
---@param runs compt.Runs
---@return compt.Figure[]
local function lines(runs, by)
  local found = {}
  for _, name in ipairs(cells.independent(runs)) do
    local numbers = name ~= by
    for _, run in ipairs(runs) do numbers = numbers and type(run.settings[name]) == "number" end
    if numbers and count_of(runs, name) <= MOST_POINTS then
      local figure = figures.lines(runs, { title = "Average by " .. name, x = name, by = by })
      if lines_in(figure) <= MOST_LINES then found[#found + 1] = figure end
    end
  end
  return found
end

--- Sums of scores by task and evaluation.
---@class compt.Isolated
---@field sums table<string, number>
---@field counts table<string, integer>
---@field tasks table<string, boolean>
---@field looks table<string, boolean>
---@field runs table<string, compt.Run>

---@param m compt.Isolated
---@param run compt.Run
local function add_look(m, run, look)
  m.runs[run.path], m.looks[look.only] = run, true
  for task, scores in pairs(look.scores) do
    local score = scores[cells.main(run, task)]
    if score then
      local key = task .. "\0" .. look.only
      m.tasks[task] = true
      m.sums[key], m.counts[key] = (m.sums[key] or 0) + score, (m.counts[key] or 0) + 1
    end
  end
end

---@param m compt.Isolated
---@return compt.Figure
local function map_of(method, m)
  local tasks, looks, values, list = {}, {}, {}, {}
  for task in sorted_pairs(m.tasks) do tasks[#tasks + 1] = task end
  for look in sorted_pairs(m.looks) do looks[#looks + 1] = look end
  for _, run in sorted_pairs(m.runs) do list[#list + 1] = run end
  for i, task in ipairs(tasks) do
    values[i] = {}
    for j, look in ipairs(looks) do
      local key = task .. "\0" .. look
      values[i][j] = m.counts[key] and m.sums[key] / m.counts[key] or false
    end
  end
  return figures.heat {
    title = method .. ": one prompt only", rows = tasks, columns = looks, values = values, low = 0, high = 100, digits = 0,
    runs = list,
  }
end

--- Scores with isolated prompts, if runs have such evaluations: the mean over the runs of each method.
---@param runs compt.Runs
---@return compt.Figure[]
local function isolated(runs)
  local found, methods = {}, {} ---@type compt.Figure[], table<string, compt.Isolated>
  for _, run in ipairs(runs) do
    for _, look in ipairs(run.looks or {}) do
      if look.only then
        local method = cells.text(run.settings.method)
        local m = methods[method] or { sums = {}, counts = {}, tasks = {}, looks = {}, runs = {} }
        methods[method] = m
        add_look(m, run, look)
      end
    end
  end
  for method, m in sorted_pairs(methods) do found[#found + 1] = map_of(method, m) end
  return found
end

--- Scores by task, and the mean of each group with its interval, of runs that have scores.
---@param runs compt.Runs
---@param by string[]
---@return compt.PageSection[]
local function results(runs, by, title)
  local main, count = standing(runs, by, MOST_ROWS)
  if not main then
    local text = ("A table of all settings would have %d rows. The list of runs below can be sorted and filtered."):format(count)
    return { { title = title, parts = { text } } }
  end
  local sections = {} ---@type compt.PageSection[]
  if count > 1 then sections[1] = { title = title, parts = { main } } end
  local tasks = result_table(runs, { rows = by, columns = "task" })
  if #tasks.columns > 1 or count == 1 then
    sections[#sections + 1] = { title = count > 1 and "Scores by task" or title, parts = { tasks } }
  end
  return sections
end

--- The runs whose scores are shown: those with test scores, or else the newest scores of those that train.
---@param runs compt.Runs
---@return compt.Runs?, string -- the runs, and what the scores are
local function scored(runs)
  for _, run in ipairs(runs:finished()) do
    if run.average then return runs, "Results" end
  end
  local validated = runs:where(function(run) return library.newest(run.path) ~= nil end)
  return #validated > 0 and runs:newest() or nil, "Newest validation scores"
end

---@param runs compt.Runs
---@return compt.PageSection[]
return function(runs)
  if #runs == 0 then return { { title = "Overview", parts = { "There are no runs yet." } } } end
  local by = cells.independent(runs)
  local sections = { { title = "Overview", parts = { facts(runs, by) } } } ---@type compt.PageSection[]
  if #by == 0 then by = { cells.common(runs) } end
  local shown, title = scored(runs)
  local found = shown and results(shown, by, title) or
    { { title = "Results", parts = { ('%s: none was evaluated on test rows (t:evaluate "test"), so there is no table of scores.'):format(tostring(runs)) } } }
  local figure_by, drawn = by_of(runs), {} ---@type string, any[]
  if shown then drawn = lines(shown, figure_by) end
  local main = found[1] --[[@as compt.PageSection]]
  if shown and #shown < #runs then
    table.insert(main.parts, ("%d of %d runs have no scores yet."):format(#runs - #shown, #runs))
  end
  -- The main figure is beside the main table.
  if drawn[1] then table.insert(main.parts, table.remove(drawn, 1)) end
  table.move(found, 1, #found, 2, sections)
  local trained = runs:where(function(run) return (run.steps or 0) > 0 end)
  if #trained > 0 and count_of(trained, figure_by) <= MOST_LINES then
    local ok, curves = pcall(figures.curves, trained, { title = "Training loss", by = figure_by })
    if not ok then
      table.insert(drawn, 1, "The training loss is not drawn: " .. tostring(curves))
    elseif lines_in(curves) <= MOST_LINES then
      table.insert(drawn, 1, curves)
    end
  end
  if #drawn > 0 then sections[#sections + 1] = { title = "Figures", parts = drawn } end
  local maps = isolated(runs:finished())
  if #maps > 0 then sections[#sections + 1] = { title = "Isolated prompts", parts = maps } end
  return sections
end
