--- The rungs of successive halving: trials are made in parts, and the best ones of a part go on to the next.
---
--- Jamieson and Talwalkar 2016, "Non-stochastic Best Arm Identification and Hyperparameter Optimization"; Li et al. 2018,
--- "Hyperband"; Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning" (ASHA, algorithm 2).
local rungs = {}

--- The shares of a full run at which trials pause: 1/9, 1/3, 1 for 3 rungs and a reduction of 3.
---@param count integer
---@param reduction integer
---@return number[]
function rungs.shares(count, reduction)
  local shares = {}
  for i = 1, count do shares[i] = i == count and 1 or 1 / reduction ^ (count - i) end
  return shares
end

--- The number of full runs that halving makes of some trials. A trial that goes on only makes the rest.
---@param trials integer
---@param shares number[]
---@param reduction integer
---@return number
function rungs.cost(trials, shares, reduction)
  local cost, before = 0.0, 0.0
  for _, share in ipairs(shares) do
    cost, before = cost + trials * (share - before), share
    trials = trials // reduction
  end
  return cost
end

--- The most trials that a budget pays for.
---@param budget number -- in full runs
---@param shares number[]
---@param reduction integer
---@return integer
function rungs.trials(budget, shares, reduction)
  local trials = math.floor(budget / shares[1] --[[@as number]])
  while trials > 0 and rungs.cost(trials, shares, reduction) > budget + 1e-9 do trials = trials - 1 end
  return trials
end

--- The fewest trials of which one comes to the last rung.
---@param count integer
---@param reduction integer
---@return integer
function rungs.least(count, reduction) return reduction ^ (count - 1) // 1 | 0 end

---@class compt.RungResult
---@field value number? -- nil: the trial failed

--- Positions of the first `count` results, the best first; of equal ones the earlier. Failed trials are left out.
---@param results compt.RungResult[]
---@param count integer
---@param lowest boolean -- the lowest value is the best
---@return integer[]
local function ranked(results, count, lowest)
  local order = {}
  for i, result in ipairs(results) do
    if i <= count and result.value then order[#order + 1] = i end
  end
  table.sort(order, function(a, b)
    local x, y = results[a].value, results[b].value ---@diagnostic disable-line: need-check-nil
    if x ~= y then return (x > y) ~= lowest end
    return a < b
  end)
  return order
end
rungs.ranked = ranked

--- The trials that go on after halving: the best of all.
---@return integer[]
function rungs.halving(results, reduction, lowest)
  local order = ranked(results, #results, lowest)
  return table.move(order, 1, math.min(#order, #results // reduction), 1, {})
end

--- The trials that go on by the rule of ASHA, in the order in which they do: each that is among the best of the results so
--- far, where results come in the order of the trials.
---@return integer[]
function rungs.asha(results, reduction, lowest)
  local promoted, known = {}, {}
  for count = reduction, #results do
    local order = ranked(results, count, lowest)
    for place = 1, math.min(#order, count // reduction) do
      local i = order[place]
      if not known[i] then promoted[#promoted + 1], known[i] = i, true end
    end
  end
  return promoted
end

return rungs
