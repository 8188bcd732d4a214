--- What figures of runs rest on: values, intervals, and the notes that say so.
local cells = require "compt.analysis.cells"
local collection = require "compt.analysis.collection"
local differences = require "compt.analysis.differences"
local missing = require "compt.analysis.missing"
local statistics = require "compt.statistics"
local student = require "compt.statistics.student"

local about = {}

--- The number of runs and seeds of a figure.
---@param runs compt.Run[]?
---@param more string?
---@param drawn table<compt.Run, true?>? -- runs that are shown although they have not finished
---@return string[]
function about.runs(runs, more, drawn)
  if not runs then return { more } end
  local seeds, count, finished, absent = {}, 0, 0, {}
  for _, run in ipairs(runs) do
    if cells.is_used(run) then
      finished = finished + 1
      local seed = cells.text(run.settings.seed)
      if not seeds[seed] then seeds[seed], count = true, count + 1 end
    elseif not (drawn and drawn[run]) then
      absent[#absent + 1] = run
    end
  end
  local notes = {} ---@type string[]
  local plural = finished == 1 and "" or "s"
  notes[1] = (("%d run%s, %d seed%s%s"):format(finished, plural, count, count == 1 and "" or "s", more and "; " .. more or ""))
  notes[#notes + 1] = collection.about_newest(runs)
  if #absent > 0 then notes[#notes + 1] = ("%d missing: %s"):format(#absent, collection.states(absent)) end
  return notes
end

--- Adds a warning if runs of one point differ in their program or machine.
---@param notes string[]
---@param pooled compt.Run[][]
---@return string[]
function about.with_warning(notes, pooled)
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
function about.told_apart(names, run)
  local parts, all = {}, differences.all_of(run)
  for i, name_of in ipairs(names) do
    local value = cells.text(all[name_of])
    -- A method is known by its name.
    parts[i] = name_of == "method" and ", " .. value or (", %s %s"):format(name_of, value)
  end
  return table.concat(parts)
end

--- The name of each run that is used: the value of a setting, and what else tells runs with it apart, apart from the seed.
---@param runs compt.Run[]
---@param by string
---@return table<compt.Run, string>
function about.split(runs, by)
  local together, pooled, names = {}, {}, {} ---@type table<string, compt.Run[]>, compt.Run[][], table<compt.Run, string>
  for _, run in ipairs(runs) do
    if cells.is_used(run) then
      local key = cells.text(run.settings[by])
      if not together[key] then
        together[key] = {}
        pooled[#pooled + 1] = together[key]
      end
      table.insert(together[key], run)
    end
  end
  local extra = differences.splitting(pooled)
  for key, list in pairs(together) do
    for _, run in ipairs(list) do names[run] = key .. about.told_apart(extra, run) end
  end
  return names
end

--- The intervals of `interval`.
about.INTERVALS = { "sd", "t", "bootstrap", "range", "none" }

local MEANING = {
  sd = "one standard deviation over %s", range = "minimum to maximum over %s",
  t = "95 %% confidence interval of the mean over %s (Student's t)",
  bootstrap = "95 %% bootstrap interval of the mean over %s, which is too narrow for few of them",
}

--- What an interval is: `band: one standard deviation over seeds`.
---@param interval string
---@param spread string
---@param over string
---@return string?
function about.interval(interval, spread, over)
  if interval == "none" then return nil end
  return ("%s: %s"):format(spread == "bars" and "error bars" or "band", (MEANING[interval] or ""):format(over))
end

--- The mean of some values and the ends of their interval; nil without values, no ends for "none".
---@param values number[]
---@param interval string
---@return number?, number?, number?
function about.summary(values, interval)
  if #values == 0 then return nil end
  local mean = statistics.mean(values)
  -- One value says nothing of how values vary.
  if interval == "none" or #values < 2 then return mean end
  if interval == "range" then
    local low, high = math.huge, -math.huge
    for _, value in ipairs(values) do
      low, high = math.min(low, value), math.max(high, value)
    end
    return mean, low, high
  end
  if interval == "bootstrap" then return mean, statistics.bootstrap(values, { over = "runs" }) end
  local sd = statistics.sd(values)
  if interval == "t" then sd = sd / #values ^ 0.5 * student.critical(0.05, #values - 1) end
  return mean, mean - sd, mean + sd
end

--- Metrics in percent by their smallest value; false: negative, too. Those of a script and errors may have other units.
local PERCENT = {
  accuracy = 0, bleu = 0, exact_match = 0, f1 = 0, grouped_exact_match = 0, macro_f1 = 0, micro_f1 = 0, token_f1 = 0,
  rouge1 = 0, rouge2 = 0, rougeL = 0, rouge1_stemmed = 0, rouge2_stemmed = 0, rougeL_stemmed = 0, matthews = false, pearson = false, spearman = false,
}
--- Families of recorded values that cannot be.
local POSITIVE = {
  loss = true, grad_norm = true, seconds = true, temperature = true, lr = true, task_losses = true, grad_norms = true, weights = true,
}
local SCORES = { average = true, validation = true, test = true }

--- The ends of what a value can be: { low or false, high or false }; nil if they are not known. An axis is cut there unless a
--- mean is beyond.
---@param runs compt.Run[]
---@param value any
---@return (number|false)[]?
function about.bounds(runs, value)
  if type(value) ~= "string" then return nil end
  local family = value:match "^[^.]+" or ""
  if POSITIVE[family] then return { 0, false } end
  if SCORES[family] then return { 0, 100 } end
  local metric = value:match "^scores%..*%.([^.]+)$" or value
  local least = PERCENT[metric]
  if least == nil then return nil end
  for _, run in ipairs(runs) do
    for _, names in pairs(run.metrics or {}) do
      for _, name in ipairs(names) do
        if name == metric then return { least, 100 } end
      end
    end
  end
  return nil
end

--- The label of an axis of a value: `accuracy (%)`.
---@param runs compt.Run[]
---@param value any
---@return string
function about.label(runs, value)
  if type(value) ~= "string" then return "value" end
  local bounds = about.bounds(runs, value)
  return bounds and bounds[2] == 100 and value .. " (%)" or value
end

--- The mean of a metric over the tasks that have it.
---@param run compt.Run
---@param metric string
---@return number?
local function mean_of(run, metric)
  local values = {}
  for _, scores in sorted_pairs(run.scores or {}) do
    values[#values + 1] = type(scores) == "table" and scores[metric] or nil
  end
  return #values > 0 and statistics.mean(values) or nil
end

--- The value of runs for one point: a name of a number, or the mean of a metric over the tasks that have it.
---@param runs compt.Run[]
---@param value any
---@return any
function about.value(runs, value)
  if type(value) ~= "string" then return value end
  local metric = false
  for _, run in ipairs(runs) do
    if cells.number(run, value) then return value end
    metric = metric or mean_of(run, value) ~= nil
  end
  return metric and function(run) return mean_of(run, value) end or value
end

--- Raises an error that lists the values of runs, for a value that none of them has.
---@param runs compt.Runs
---@param value any
---@param call string
function about.no_value(runs, value, call)
  if #runs == 0 then error(call .. ": there are no runs", 3) end
  missing.refuse(runs, value, call)
  error(("%s: no run has finished (%s)"):format(call, collection.states(runs)), 3)
end

return about
