--- The learning rates of each method, chosen on validation rows: its default rates times one of five factors. Every method
--- has the same budget, five runs. The seed of the search, 100, is none of the default seeds of a study.
local compt = require "compt"
local cell = require "paper.cell"

local SEED = 100
local SCALES = { 0.1, 0.3, 1, 3, 10 }

local chosen = {} ---@type table<string, number?>

--- The best factor for the settings of a cell. The record of the search is in its folder, beside the runs.
---@param settings table<string, any>
---@param folder string -- of the runs
---@param quick boolean?
---@return number
return function(settings, folder, quick)
  local fixed = {}
  for key, value in pairs(settings) do fixed[key] = value end
  fixed.seed, fixed.scale = SEED, nil
  local name = "rates-" .. settings.method
  if chosen[name] then return chosen[name] end
  local best = compt.search {
    name = name, out = folder .. "/" .. name, scheduler = "grid" --[[@as compt.Scheduler]], args = false,
    space = { scale = quick and { 1, 3 } or SCALES }, settings = fixed,
    run = function(s) return cell.trained(s):evaluate "validation" end,
  }
  print(("%s: %g times its default rates, %.1f on validation rows (%s)"):format(
    settings.method, best.settings.scale, best.value, best.record))
  chosen[name] = best.settings.scale
  return chosen[name]
end
