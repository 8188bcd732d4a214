--- The learning rate of private prompts beside the fixed rate 0.05 of source prompts; GLUE, 16 rows per task (figures 7 and
--- A2).
local compt = require "compt"
local maps = require "paper.maps"
local paper = require "paper.study"

local private_rate = {}

---@param o paper.Options
---@return number[]
function private_rate.rates(o)
  return paper.numbers("rates", o.quick and { 0.01, 0.05 } or { 0.01, 0.02, 0.05, 0.1 })
end

--- The cells of some methods, for each of some numbers of epochs.
---@param o paper.Options
---@param methods string[]
---@param epochs integer[]
function private_rate.cells(o, methods, epochs)
  return paper.cells(o, {
    settings = { shots = paper.middle(o), source_lr = 0.05 },
    grid = { method = methods, private_lr = private_rate.rates(o), epochs = o.quick and { 4 } or epochs, seed = o.figure_seeds },
  })
end

--- Isolated prompts of a method by rate, at a number of epochs.
---@param runs compt.Runs
---@param o paper.Options
---@param method string
---@param epochs integer
---@return compt.Figure
function private_rate.maps(runs, o, method, epochs)
  local panels, at = {}, o.quick and 4 or epochs
  for _, rate in ipairs(private_rate.rates(o)) do
    local own = runs:where { method = method, private_lr = rate, epochs = at }
    panels[#panels + 1] = maps.isolated(own, ("private rate %g"):format(rate))
  end
  return compt.figures.beside(panels, { title = ("%s, %d epochs: one prompt alone"):format(method, at), columns = 2 })
end

return private_rate
