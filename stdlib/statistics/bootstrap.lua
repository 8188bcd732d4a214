--- Percentile confidence intervals of a mean, by resampling values, or rows and runs.
local arguments = require "compt.arguments"
local random = require "compt.micro.random"

local CALL = "compt.statistics.bootstrap"

local RULES = {
  { "over", arguments.one_of { "rows", "runs", "both" }, "both" }, { "level", arguments.fraction, 0.95 },
  { "rounds", arguments.whole(1), 2000 }, { "seed", arguments.whole(0), 1 },
}

---@param values number[]
local function mean(values)
  local sum = 0.0
  for _, value in ipairs(values) do sum = sum + value end
  return sum / #values
end

--- The value below which a share of the sorted values is, linear between two of them (numpy's default).
---@param sorted number[]
local function quantile(sorted, share)
  local place = 1 + share * (#sorted - 1)
  local below = math.floor(place)
  local low, high = sorted[below] --[[@as number]], sorted[math.min(below + 1, #sorted)] --[[@as number]]
  return low + (place - below) * (high - low)
end

--- The means of each row over runs, or of each run over rows.
---@param runs number[][]
---@return number[]
local function reduced(runs, over)
  local list = {} ---@type number[]
  if over == "runs" then
    for s, run in ipairs(runs) do list[s] = mean(run) end
    return list
  end
  for i = 1, #runs[1] do
    local column = {}
    for s, run in ipairs(runs) do column[s] = run[i] end
    list[i] = mean(column)
  end
  return list
end

--- The mean of a sample of runs and rows, each with replacement.
---@param runs number[][]
local function drawn(draw, runs)
  local rows, sum = {}, 0.0
  for i = 1, #runs[1] do rows[i] = draw:integer(1, #runs[1]) end
  for _ = 1, #runs do
    local run = draw:choice(runs)
    for _, i in ipairs(rows) do sum = sum + run[i] end
  end
  return sum / (#runs * #rows)
end

---@param values number[]|number[][]
---@param given compt.BootstrapOptions?
---@return number, number -- low, high
return function(values, given)
  local o = arguments.options(CALL, given, RULES)
  arguments.list(CALL, values)
  local runs = values --[[@as number[][] ]]
  local single = type(values[1]) == "number"
  if single then
    arguments.check(CALL, "the values", values, arguments.numbers)
  else
    for _, run in ipairs(runs) do
      arguments.check(CALL, "each run", run, arguments.numbers)
      if #run ~= #runs[1] then
        error(("%s: runs have the same rows, but one has %d and another %d"):format(CALL, #runs[1], #run), 2)
      end
    end
  end
  local list = single and values or o.over ~= "both" and reduced(runs, o.over) or nil
  local draw, means = random.new(o.seed, "bootstrap"), {}
  for round = 1, o.rounds do
    if list then
      local sum = 0.0
      for _ = 1, #list do sum = sum + draw:choice(list) end
      means[round] = sum / #list
    else
      means[round] = drawn(draw, runs)
    end
  end
  table.sort(means)
  return quantile(means, (1 - o.level) / 2), quantile(means, (1 + o.level) / 2)
end
