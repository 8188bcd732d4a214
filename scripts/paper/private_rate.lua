--- The learning rate of private prompts by epochs, with the scores of isolated prompts (figures 7 and A2).
local compt = require "compt"
local maps = require "paper.maps"
local paper = require "paper.study"

---@return number[]
local function numbers(text)
  local found = {}
  for part in tostring(text):gmatch "[^,]+" do found[#found + 1] = tonumber(part) end
  return found
end

---@param o paper.Options
local function axes(o)
  local rates = numbers(compt.args.rates or (o.quick and "0.01" or "0.01,0.02,0.05,0.1"))
  return rates, numbers(compt.args.lengths or (o.quick and "4" or "10,30,50"))
end

---@param given { name: string, title: string, found: string, method: string }
---@return paper.Study
return function(given)
  return {
    name = given.name, title = given.title, found = given.found,
    cells = function(o)
      local rates, epochs = axes(o)
      return paper.cells(o, {
        settings = { shots = paper.middle(o), method = given.method },
        grid = { private_lr = rates, epochs = epochs, seed = o.seeds },
      })
    end,
    show = function(runs, o)
      local rates, epochs = axes(o)
      local panels = {}
      for _, rate in ipairs(rates) do
        panels[#panels + 1] = maps.isolated(runs:where { private_lr = rate, epochs = epochs[#epochs] },
          ("private rate %g, %d epochs"):format(rate, epochs[#epochs]))
      end
      return {
        compt.figures.lines(runs, { title = "Average over tasks", x = "private_lr", by = "epochs", log = true }),
        compt.figures.beside(panels, { title = "One prompt alone, by private rate" }),
        compt.report.table(runs, { rows = "epochs", columns = "private_lr" }),
      }
    end,
  }
end
