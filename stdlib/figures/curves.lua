--- Curves of recorded values over the steps of runs.
local about = require "compt.figures.about"
local arguments = require "compt.arguments"
local cells = require "compt.analysis.cells"
local collection = require "compt.analysis.collection"
local differences = require "compt.analysis.differences"
local figure = require "compt.figures.figure"
local layout = require "compt.figures.layout"
local library = require "compt.library"

local CALL = "compt.figures.curves"
local optional, name = arguments.optional, arguments.name

--- Losses have a logarithmic axis if they span more than this factor.
local DECADES = 100

---@class compt.RecordedCurve
---@field steps number[]
---@field values (number|false)[]

--- The exponential moving average of a curve, without its bias towards 0 at the start (Kingma and Ba 2015), as in
--- TensorBoard.
---@param values (number|false)[]
---@param factor number
---@return (number|false)[]
local function smoothed(values, factor)
  local mean, weight, out = 0.0, 0.0, {} ---@type number, number, (number|false)[]
  for i, value in ipairs(values) do
    if value and value == value and math.abs(value) < math.huge then
      mean, weight = factor * mean + (1 - factor) * value, factor * weight + (1 - factor)
      out[i] = mean / weight
    else
      out[i] = value
    end
  end
  return out
end

--- The mean of several curves at each step that one of them has; the first step that some of them lack; and whether a band
--- ends at the smallest value, because the deviation of a quantity that cannot be negative is larger than its mean.
---@param name_of string
---@param list compt.RecordedCurve[]
---@param interval string
---@param positive boolean -- the quantity cannot be negative
---@return table, number?, boolean
local function merged(name_of, list, interval, positive)
  local by_step, steps, lacking, cut = {}, {}, nil, false ---@type table<number, number[]>, number[], number?, boolean
  for _, curve in ipairs(list) do
    for i, step in ipairs(curve.steps) do
      if not by_step[step] then by_step[step], steps[#steps + 1] = {}, step end
      table.insert(by_step[step], curve.values[i] or nil)
    end
  end
  table.sort(steps)
  local line = { name = name_of, x = {}, mean = {}, low = {}, high = {} }
  for _, step in ipairs(steps) do
    local values = by_step[step] or {}
    local mean, low, high = about.summary(values, interval)
    if positive and low and low <= 0 then
      low, cut = math.huge, true
      for _, value in ipairs(values) do low = math.min(low, value) end
    end
    if mean then
      local n = #line.x + 1
      line.x[n], line.mean[n], line.low[n], line.high[n] = step, mean, low or false, high or false
    end
    if #values < #list then lacking = lacking or step end
  end
  return line, lacking, cut
end

--- The names of recorded values that a name stands for: `task_losses.*` is one for each task.
---@param runs compt.Run[]
---@param value string
---@return string[]
local function expanded(runs, value)
  local prefix = value:match "^(.-)%*$"
  if not prefix then return { value } end
  local known, names = {}, {}
  for _, run in ipairs(runs) do
    for _, one in ipairs(library.recorded(run.path)) do
      if one:sub(1, #prefix) == prefix then known[one] = true end
    end
  end
  for one in sorted_pairs(known) do names[#names + 1] = one end
  return names
end

--- Raises an error that lists what runs have recorded.
---@param runs compt.Run[]
---@param value string
local function nothing_recorded(runs, value)
  local known, names = {}, {}
  for _, run in ipairs(runs) do
    for _, one in ipairs(library.recorded(run.path)) do known[one] = true end
  end
  for one in sorted_pairs(known) do names[#names + 1] = one end
  if #names == 0 then error(CALL .. ": no run has recorded a step", 3) end
  local hint = value:find "^validation" and not known.validation and "; `evaluate_every` of a trainer records validation scores"
    or value:find "^weights" and "; `evaluate_every` of a trainer records a router's weights" or ""
  local near = library.nearest(value, names)
  error(("%s: no run has recorded '%s'%s; recorded are %s%s"):format(
    CALL, value, near and (" (did you mean '%s'?)"):format(near) or "", table.concat(names, ", "), hint), 3)
end

--- The name of the curve of a run that has not finished: it is drawn alone.
local function alone(key, run)
  return ("%s, seed %s, %s at step %d"):format(key, cells.text(run.settings.seed), run.state, run.steps or 0)
end

--- Each run by what varies among the runs: `ssum, seed 3`; by its name if nothing does, or if two runs are alike.
---@param runs compt.Runs
---@return table<compt.Run, string>
local function told_of(runs)
  local names, known = {}, {}
  local varying = runs:varying()
  for _, run in ipairs(runs) do
    local parts = {}
    for i, key in ipairs(varying) do
      local value = cells.text(run.settings[key])
      parts[i] = key == "method" and value or ("%s %s"):format(key, value)
    end
    names[run] = #parts > 0 and #parts <= 4 and table.concat(parts, ", ") or run.name
    if known[names[run]] then names[run] = run.name end
    known[names[run]] = true
  end
  return names
end

--- The name of each run's curve without the value, and the runs that are drawn although they have not finished.
---@param runs compt.Runs
---@param by string?
---@return table<compt.Run, string?>, table<compt.Run, true?>
local function names_of(runs, by)
  local together, names, drawn, told = {}, {}, {}, by and {} or told_of(runs)
  for _, run in ipairs(runs) do
    drawn[run] = run.state == "running" or run.state == "unfinished" or nil
    local key = by and cells.text(run.settings[by]) or told[run]
    if drawn[run] then
      names[run] = alone(key, run)
    elseif run.state == "finished" then
      names[run], together[key] = key, together[key] or {}
      table.insert(together[key], run)
    end
  end
  local pooled = {} ---@type compt.Run[][]
  for _, list in sorted_pairs(together) do pooled[#pooled + 1] = list end
  local extra = differences.splitting(pooled)
  for run, key in pairs(names) do names[run] = key .. about.told_apart(extra, run) end
  return names, drawn
end

--- The curves of runs by name, each with its runs, in the order of the runs.
---@param runs compt.Runs
---@param o table<string, any>
---@param values string[]
---@param names table<compt.Run, string?>
---@param drawn table<compt.Run, true?>
---@return { name: string, curves: compt.RecordedCurve[], runs: compt.Run[] }[]
local function grouped(runs, o, values, names, drawn)
  local groups, known, lengths, names_met = {}, {}, {}, {}
  for _, of in pairs(names) do names_met[of] = true end
  local one = next(names_met, (next(names_met))) == nil
  for _, run in ipairs(runs) do
    local has = false
    for _, value in ipairs(names[run] and values or {}) do
      local steps, found = library.curve(run.path, value, o.points)
      if #steps > 0 then
        has = true
        local key = names[run] --[[@as string]]
        local part = #values > 1 and value:match "%.(.+)$" or nil
        if part then key = one and tostring(part) or ("%s, %s"):format(key, part) end
        -- Runs of different length form separate curves.
        lengths[key] = lengths[key] or run.steps
        if run.steps ~= lengths[key] then key = ("%s, %d steps"):format(key, run.steps) end
        if drawn[run] and known[key] then key = ("%s, %s"):format(key, run.name) end
        local group = known[key]
        if not group then
          group = { name = key, curves = {}, runs = {} }
          known[key], groups[#groups + 1] = group, group
        end
        table.insert(group.curves, { steps = steps, values = smoothed(found, o.smooth) })
        table.insert(group.runs, run)
      end
    end
    if not has then drawn[run] = nil end
  end
  return groups
end

--- Whether values span so much that a logarithmic axis shows them better.
local function spans_decades(series)
  local low, high = math.huge, 0
  for _, line in ipairs(series) do
    for _, mean in ipairs(line.mean) do
      low, high = math.min(low, mean), math.max(high, mean)
    end
  end
  return low > 0 and high > DECADES * low
end

--- A value that is recorded over the steps of runs: the mean over seeds with an interval. Runs in progress have curves of
--- their own.
---@param runs compt.Runs
---@param given compt.CurvesOptions?
---@return compt.Figure
return function(runs, given)
  collection.check(runs, CALL)
  local o = arguments.options(CALL, given, layout.with_rules {
    { "by", optional(name) }, { "value", name, "loss" }, { "points", arguments.whole(2), 60 }, { "log", optional(arguments.flag) },
    { "smooth", { text = "a factor from 0 to below 1", is = function(x) return type(x) == "number" and x >= 0 and x < 1 end }, 0 },
    { "interval", arguments.one_of(about.INTERVALS), "sd" },
  })
  if o.by then collection.check_setting(runs, o.by, CALL) end
  if #runs == 0 then error(CALL .. ": there are no runs", 2) end
  local names, drawn = names_of(runs, o.by)
  local groups = grouped(runs, o, expanded(runs, o.value), names, drawn)
  local bounds = about.bounds(runs, o.value)
  local positive = bounds ~= nil and bounds[1] == 0 and bounds[2] == false
  local series, pooled, points, steps, lacking, several, cut = {}, {}, 0, 0, {}, false, false
  for i, group in ipairs(groups) do
    local line, from, ends = merged(group.name, group.curves, o.interval, positive)
    cut = cut or ends
    series[i], pooled[i] = line, group.runs
    points, several = points + #line.x, several or #group.curves > 1
    if from then lacking[#lacking + 1] = ("%s from step %g"):format(group.name, from) end
  end
  for _, run in ipairs(runs) do steps = steps + (run.steps or 0) end
  if points == 0 and (steps > 0 or #groups == 0) and next(names) then nothing_recorded(runs, o.value) end
  local value = o.value --[[@as string]]
  local family = value:match "^[^.*]+" or value
  local shown = (value:gsub("%.%*$", ""))
  local losses = family == "loss" or family == "task_losses"
  local log = o.log
  if log == nil then log = losses and spans_decades(series) end
  local each = family ~= "validation" and family ~= "weights" and family ~= "test"
  local told = {} ---@type string[]
  if each then told[1] = "means over intervals of steps" end
  if several then told[#told + 1] = about.interval(o.interval, "band", "runs") end
  if cut then told[#told + 1] = "down to the smallest value where it would reach 0" end
  if o.smooth > 0 then told[#told + 1] = ("exponential moving average, factor %g"):format(o.smooth) end
  local more = #told > 0 and table.concat(told, "; ") or nil
  local notes = about.with_warning(about.runs(runs, more, drawn), pooled)
  if #lacking > 0 then notes[#notes + 1] = "means of some of the runs only: " .. table.concat(lacking, "; ") end
  return figure(CALL, shown, notes, {
    {
      kind = "lines", title = "", x_label = "step", y_label = about.label(runs, shown), series = series,
      y_axis = { log = log or nil, bounds = bounds },
    },
  }, o)
end
