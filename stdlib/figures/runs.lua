--- Values of runs over a setting: lines and bars.
local about = require "compt.figures.about"
local arguments = require "compt.arguments"
local cells = require "compt.analysis.cells"
local collection = require "compt.analysis.collection"
local differences = require "compt.analysis.differences"
local figure = require "compt.figures.figure"
local layout = require "compt.figures.layout"

local optional, name = arguments.optional, arguments.name

local runs_of = {}

local INTERVAL = { "interval", arguments.one_of(about.INTERVALS), "sd" }

--- A grid of the values of runs: a row for each value of `by` and of what else tells runs of one place apart, a column for
--- each value of `x`.
---@param runs compt.Runs
---@param o table<string, any>
---@param call string
---@return compt.CellGrid
local function grid_of(runs, o, call)
  collection.check(runs, call)
  for _, setting in ipairs { o.x, o.by } do collection.check_setting(runs, setting, call) end
  local extra = {} ---@type string[]
  local options = {
    rows = { "line" }, columns = { o.x }, value = about.value(runs, o.value), tasks = false,
    label = function(run)
      local by = o.by and cells.text(run.settings[o.by]) or ""
      return { line = (by .. about.told_apart(extra, run)):gsub("^, ", "") }
    end,
  }
  local grid = cells.grid(runs, options)
  extra = differences.splitting(cells.pooled(grid))
  if #extra > 0 then grid = cells.grid(runs, options) end
  local found = false
  for i = 1, #grid.rows do
    for j = 1, #grid.columns do found = found or #cells.at(grid, i, j).values > 0 end
  end
  if not found then about.no_value(runs, o.value, call) end
  return grid
end

--- The name of a line; a number has the name of its setting: `shots 8`.
---@param key any[]
---@param by string?
local function named(key, by)
  local text = tostring(key[1])
  return by and tonumber(text:match "^[^,]*") and ("%s %s"):format(by, text) or text
end

---@param grid compt.CellGrid
---@return number[]
local function values_at(grid, i, j)
  local list = {}
  for k, one in ipairs(cells.at(grid, i, j).values) do list[k] = one.value end
  return list
end

--- The title, the label of the values, and the notes of a figure.
---@param runs compt.Runs
---@param grid compt.CellGrid
---@param o table<string, any>
---@param spread string
---@return string, string, string[]
local function words(runs, grid, o, spread)
  local label = type(o.value) == "string" and o.value --[[@as string]] or "value"
  local notes, used, valued = about.runs(runs, about.interval(o.interval, spread, "seeds")), 0, 0
  for _, run in ipairs(runs) do used = used + (cells.is_used(run) and 1 or 0) end
  for i = 1, #grid.rows do
    for j = 1, #grid.columns do valued = valued + #cells.at(grid, i, j).values end
  end
  if valued < used then notes[#notes + 1] = ("%d of %d runs have no %s"):format(used - valued, used, label) end
  return ("%s by %s"):format(label, o.x or o.by), about.label(runs, o.value), about.with_warning(notes, cells.pooled(grid))
end

--- A value over a setting, with one line per value of another setting: mean over runs, with a band or error bars.
---@param runs compt.Runs
---@param given compt.LinesOptions
---@return compt.Figure
function runs_of.lines(runs, given)
  local call = "compt.figures.lines"
  local o = arguments.options(call, given, layout.with_rules {
    { "x", name }, { "by", optional(name) }, { "value", arguments.name_or_function, "average" },
    { "log", arguments.flag, false }, INTERVAL, { "spread", arguments.one_of { "band", "bars" }, "band" },
  })
  local grid, series = grid_of(runs, o, call), {}
  for i, row in ipairs(grid.rows) do
    local line = { name = named(row, o.by), x = {}, mean = {}, low = {}, high = {} }
    for j, column in ipairs(grid.columns) do
      local x = tonumber(column[1])
      if not x then
        error(("%s: %s = %s is not a number; compt.figures.bars shows settings of any kind"):format(call, o.x, tostring(column[1])), 2)
      end
      local mean, low, high = about.summary(values_at(grid, i, j), o.interval)
      if mean then
        local n = #line.x + 1
        line.x[n], line.mean[n], line.low[n], line.high[n] = x, mean, low or false, high or false
      end
    end
    if #line.x > 0 then series[#series + 1] = line end
  end
  local title, label, notes = words(runs, grid, o, o.spread)
  return figure(call, title, notes, {
    {
      kind = "lines", title = "", x_label = o.x, y_label = label, x_axis = o.log and { log = true } or nil, series = series,
      y_axis = { bounds = about.bounds(runs, o.value) }, spread = o.spread,
    },
  }, o)
end

--- A value by a setting of any kind, as bars from 0: mean over runs, with error bars.
---@param runs compt.Runs
---@param given compt.BarsOptions
---@return compt.Figure
function runs_of.bars(runs, given)
  local call = "compt.figures.bars"
  local o = arguments.options(call, given, layout.with_rules {
    { "x", name }, { "by", optional(name) }, { "value", arguments.name_or_function, "average" }, INTERVAL,
  })
  local grid, places, series = grid_of(runs, o, call), {}, {}
  for j, column in ipairs(grid.columns) do places[j] = tostring(column[1]) end
  for i, row in ipairs(grid.rows) do
    local bars = { name = named(row, o.by), mean = {}, low = {}, high = {} }
    for j = 1, #grid.columns do
      local mean, low, high = about.summary(values_at(grid, i, j), o.interval)
      bars.mean[j], bars.low[j], bars.high[j] = mean or false, low or false, high or false
    end
    series[i] = bars
  end
  local title, label, notes = words(runs, grid, o, "bars")
  return figure(call, title, notes, {
    {
      kind = "bars", title = "", x_label = o.x, y_label = label, names = places, series = series,
      y_axis = { bounds = about.bounds(runs, o.value) },
    },
  }, o)
end

return runs_of
