--- Confusion matrices of several evaluations of the same runs (tables 5, 6 and A1).
local compt = require "compt"
local paper = require "paper.study"

--- The recorded evaluations and their names.
local LOOKS = {
  { file = "test", name = "all prompts" }, { file = "test.only-all_src", name = "sources only" },
  { file = "test.only-src0", name = "source 0" }, { file = "test.only-private", name = "private only" },
}

--- One table per task and evaluation; none for tasks with numbers, and for evaluations that a method does not have.
---@param runs compt.Runs
---@param which string[]|"all" -- task names; default: the first one with labels
---@return compt.ResultTable[]
local function tables_of(runs, which)
  local tables, done = {}, {}
  for _, run in ipairs(runs:finished()) do
    for _, task in ipairs(compt.report.answered_tasks(run)) do
      local wanted = which == "all" or task == which[1] or (which[1] == nil and next(done) == nil)
      if wanted and not done[task] then
        done[task] = true
        for _, look in ipairs(LOOKS) do
          local found = compt.report.confusion(runs, { task = task, look = look.file, title = task .. ", " .. look.name })
          tables[#tables + 1] = found
        end
      end
    end
  end
  return tables
end

---@param given { name: string, title: string, found: string, second: boolean?, all: boolean? }
---@return paper.Study
return function(given)
  return {
    name = given.name, title = given.title, found = given.found,
    cells = function(o)
      return paper.cells(o, {
        settings = { shots = paper.middle(o) },
        grid = { method = { compt.args.method or "ssum" }, seed = o.seeds },
      }, given.second)
    end,
    show = function(runs)
      local one = compt.args.task
      return tables_of(runs, given.all and not one and "all" or { one })
    end,
  }
end
