--- Figures of runs: curves, lines with error bands, heat maps, box plots, as SVG and PNG; and of any numbers
--- (compt/figures/numbers.lua).
local arguments = require "compt.arguments"
local cells = require "compt.analysis.cells"
local collection = require "compt.analysis.collection"
local differences = require "compt.analysis.differences"
local figure = require "compt.figures.figure"
local library = require "compt.library"
local numbers = require "compt.figures.numbers"
local statistics = require "compt.statistics"

local figures = { plot = numbers.plot, scatter = numbers.scatter, histogram = numbers.histogram }

--- The number of runs and seeds of a figure.
---@param runs compt.Run[]?
---@param more string?
---@param drawn table<compt.Run, true?>? -- runs that are shown although they have not finished
---@return string[]
local function rests_on(runs, more, drawn)
  if not runs then return { more } end
  local seeds, count, finished, missing = {}, 0, 0, {}
  for _, run in ipairs(runs) do
    if cells.is_used(run) then
      finished = finished + 1
      local seed = cells.text(run.settings.seed)
      if not seeds[seed] then seeds[seed], count = true, count + 1 end
    elseif not (drawn and drawn[run]) then
      missing[#missing + 1] = run
    end
  end
  local notes = {} ---@type string[]
  local plural = finished == 1 and "" or "s"
  notes[1] = (("%d run%s, %d seed%s%s"):format(finished, plural, count, count == 1 and "" or "s", more and "; " .. more or ""))
  notes[#notes + 1] = collection.about_newest(runs)
  if #missing > 0 then notes[#notes + 1] = ("%d missing: %s"):format(#missing, collection.states(missing)) end
  return notes
end

local optional, name = arguments.optional, arguments.name

--- Adds a warning if runs of one point differ in their program or machine.
---@param notes string[]
---@param pooled compt.Run[][]
---@return string[]
local function with_warning(notes, pooled)
  local mixed = {}
  for _, runs in ipairs(pooled) do
    for key, values in pairs(differences.between(runs)) do mixed[key] = mixed[key] or values end
  end
  if next(mixed) then
    notes[#notes + 1] = "warning: runs of one point differ in more than the seed: " .. differences.text(mixed)
  end
  return notes
end

--- What tells runs of one point apart, apart from the seed: `, shots 8`. Such runs have lines of their own.
---@param names string[]
---@param run compt.Run
local function told_apart(names, run)
  local parts, all = {}, differences.all_of(run)
  for i, name_of in ipairs(names) do parts[i] = (", %s %s"):format(name_of, cells.text(all[name_of])) end
  return table.concat(parts)
end

--- Adds a point to a line: the mean of some values, and a band of one standard deviation.
---@param values number[]
local function add_point(line, x, values)
  if #values == 0 then return end
  local n, mean, sd = #line.x + 1, statistics.mean(values), statistics.sd(values)
  line.x[n], line.mean[n], line.low[n], line.high[n] = x, mean, mean - sd, mean + sd
end

--- A value over a setting, with one line per value of another setting: mean over runs, band of one standard deviation.
---@param runs compt.Runs
---@param given compt.LinesOptions
---@return compt.Figure
function figures.lines(runs, given)
  collection.check(runs, "compt.figures.lines")
  local o = arguments.options("compt.figures.lines", given, {
    { "x", name }, { "by", optional(name) }, { "value", arguments.name_or_function, "average" }, { "title", optional(name) },
    { "y_label", optional(name) }, { "log", arguments.flag, false },
  })
  for _, setting in ipairs { o.x, o.by } do collection.check_setting(runs, setting, "compt.figures.lines") end
  local line_of = o.by or cells.common(runs)
  local options = { rows = { line_of }, columns = { o.x }, value = o.value, tasks = false }
  local grid = cells.grid(runs, options)
  local extra = differences.splitting(cells.pooled(grid))
  if #extra > 0 then
    options.label = function(run)
      return { [line_of] = cells.text(run.settings[line_of]) .. told_apart(extra, run) }
    end
    grid = cells.grid(runs, options)
  end
  local series = {}
  for i, row in ipairs(grid.rows) do
    local line = { name = (o.by or #grid.rows > 1) and tostring(row[1]) or "", x = {}, mean = {}, low = {}, high = {} }
    for j, column in ipairs(grid.columns) do
      local list, x = {}, tonumber(column[1])
      if not x then error(("compt.figures.lines: %s = %s is not a number"):format(o.x, tostring(column[1])), 2) end
      for k, one in ipairs(cells.at(grid, i, j).values) do list[k] = one.value end
      add_point(line, x, list)
    end
    if #line.x > 0 then series[#series + 1] = line end
  end
  local pooled = cells.pooled(grid)
  local label = o.y_label or (type(o.value) == "string" and o.value --[[@as string]] or "value")
  return figure(o.title or ("%s by %s"):format(label, o.x), with_warning(rests_on(runs, "band: one standard deviation over seeds"), pooled), {
    { kind = "lines", title = "", x_label = o.x, y_label = label, x_log = o.log, series = series },
  })
end

--- The mean of several curves over the same steps; points without a number are omitted.
---@param list { [1]: number[], [2]: (number|false)[] }[]
local function merged(name_of, list)
  local line = { name = name_of, x = {}, mean = {}, low = {}, high = {} }
  local steps = list[1] --[[@as { [1]: number[], [2]: (number|false)[] }]]
  for i, step in ipairs(steps[1]) do
    local values = {}
    for _, curve in ipairs(list) do values[#values + 1] = curve[2][i] or nil end
    add_point(line, step, values)
  end
  return line
end

--- The name of the curve of a run that has not finished: it is drawn alone.
local function alone(key, run)
  return ("%s, seed %s, %s at step %d"):format(key, cells.text(run.settings.seed), run.state, run.steps or 0)
end

--- Learning curves: a number of each step, the mean over seeds with a band of one standard deviation. Runs in progress have
--- curves of their own.
---@param runs compt.Runs
---@param given compt.CurvesOptions?
---@return compt.Figure
function figures.curves(runs, given)
  collection.check(runs, "compt.figures.curves")
  local o = arguments.options("compt.figures.curves", given, {
    { "by", optional(name) }, { "value", name, "loss" }, { "points", arguments.whole(2), 60 }, { "title", optional(name) },
    { "log", arguments.flag, false },
  })
  local by, together, names = o.by --[[@as string?]], {}, {} ---@type string?, table<string, compt.Run[]>, table<compt.Run, string?>
  local drawn = {} ---@type table<compt.Run, true?>
  for _, run in ipairs(runs) do
    drawn[run] = run.state == "running" or run.state == "unfinished" or nil
    if drawn[run] then
      names[run] = alone(by and cells.text(run.settings[by]) or run.name, run)
    elseif run.state == "finished" then
      local key = by and cells.text(run.settings[by]) or run.name
      names[run], together[key] = key, together[key] or {}
      table.insert(together[key], run)
    end
  end
  local pooled = {} ---@type compt.Run[][]
  for _, list in sorted_pairs(together) do pooled[#pooled + 1] = list end
  local extra = differences.splitting(pooled)
  local groups, members, order, lengths = {}, {}, {}, {}
  for _, run in ipairs(runs) do
    if names[run] then
      local key = names[run] .. told_apart(extra, run)
      local steps, values = library.curve(run.path, o.value, o.points)
      if #steps == 0 then
        drawn[run] = nil
      else
        -- Runs of different length form separate curves.
        lengths[key] = lengths[key] or run.steps
        if run.steps ~= lengths[key] then key = ("%s, %d steps"):format(key, run.steps) end
        if drawn[run] and groups[key] then key = ("%s, %s"):format(key, run.name) end
        if not groups[key] then groups[key], members[key], order[#order + 1] = {}, {}, key end
        table.insert(groups[key], { steps, values })
        table.insert(members[key], run)
      end
    end
  end
  local series, points, steps = {}, 0, 0
  pooled = {}
  for i, key in ipairs(order) do
    series[i], pooled[i] = merged(key, groups[key]), members[key]
    points = points + #series[i].x
  end
  for _, run in ipairs(runs) do steps = steps + (run.steps or 0) end
  if points == 0 and steps > 0 then
    error(("compt.figures.curves: no run has recorded '%s'; recorded are loss, grad_norm, temperature, seconds, lr.GROUP, "
      .. "task_losses.TASK, grad_norms.GROUP"):format(o.value), 2)
  end
  return figure(o.title or o.value, with_warning(rests_on(runs, "means over intervals of steps; band: one standard deviation over runs", drawn), pooled), {
    { kind = "lines", title = "", x_label = "step", y_label = o.value, y_log = o.log, series = series },
  })
end

--- A heat map with values in its cells; `false` is a missing value.
---@param given compt.HeatOptions
---@return compt.Figure
function figures.heat(given)
  local list = arguments.sequence
  local o = arguments.options("compt.figures.heat", given, {
    { "rows", list }, { "columns", list }, { "values", list }, { "title", name, "" }, { "x_label", name, "" },
    { "y_label", name, "" }, { "low", optional(arguments.number) }, { "high", optional(arguments.number) },
    { "digits", arguments.whole(0), 1 }, { "runs", optional(arguments.any) },
  })
  return figure(o.title, rests_on(o.runs), {
    { kind = "heat", title = "", x_label = o.x_label, y_label = o.y_label, rows = o.rows, columns = o.columns,
      values = o.values, low = o.low, high = o.high, digits = o.digits },
  })
end

--- Box plots of groups of values, with a one-way ANOVA.
---@param given compt.BoxesOptions
---@return compt.Figure
function figures.boxes(given)
  local list = arguments.sequence
  local o = arguments.options("compt.figures.boxes", given, {
    { "groups", list }, { "title", name, "" }, { "y_label", name, "" }, { "runs", optional(arguments.any) },
  })
  local groups = {}
  for i, group in ipairs(o.groups) do groups[i] = group.values end
  local note = "diamond: mean"
  local f, p, between, within = statistics.anova(groups)
  if not f then
    note = ("no ANOVA: %s; diamond: mean"):format(p)
  else
    local shown = p < 0.001 and "p < 0.001" or ("p = %.3f"):format(p)
    note = ("one-way ANOVA: F(%d, %d) = %.2f, %s; diamond: mean"):format(between, within, f, shown)
  end
  return figure(o.title, rests_on(o.runs), {
    { kind = "boxes", title = "", y_label = o.y_label, groups = o.groups, note = note },
  })
end

--- A figure of panels of any kind, from their descriptions.
---@param given compt.ChartOptions
---@return compt.Figure
function figures.chart(given)
  local list = arguments.sequence
  local o = arguments.options("compt.figures.chart", given, {
    { "panels", list }, { "title", name, "" }, { "notes", optional(list) }, { "columns", optional(arguments.whole(1)) },
  })
  return figure(o.title, o.notes or {}, o.panels, o.columns)
end

--- Joins figures into one, each with its own title.
---@param list compt.Figure[]
---@param given { title: string?, columns: integer? }?
---@return compt.Figure
function figures.beside(list, given)
  local o = arguments.options("compt.figures.beside", given, {
    { "title", name, "" }, { "columns", optional(arguments.whole(1)) },
  })
  local panels, notes, known = {}, {}, {}
  for _, one in ipairs(list) do
    for _, panel in ipairs(one.chart.panels) do
      local copy = {}
      for key, value in pairs(panel) do copy[key] = value end
      if copy.title == "" then copy.title = one.chart.title end
      panels[#panels + 1] = copy
    end
    for _, note in ipairs(one.chart.notes) do
      local each = "each: " .. note
      if not known[note] then notes[#notes + 1], known[note] = each, true end
    end
  end
  return figure(o.title, notes, panels, o.columns or (#panels == 4 and 2 or math.min(#panels, 3)))
end

return figures
