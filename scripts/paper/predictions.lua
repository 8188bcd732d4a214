--- Predicted texts by true label with the source prompt only, the private prompt only and both (tables 5, 6 and A1).
--- SSUM with one source; every answer is decoded in full, words of other tasks included.
local compt = require "compt"
local maps = require "paper.maps"
local paper = require "paper.study"
local published = require "paper.published"
local sets = require "paper.sets"

--- The recorded evaluations, and the paper's names for them.
local LOOKS = {
  { file = "test.only-all_src.decoding-full.limit-100", name = "source" },
  { file = "test.only-private.decoding-full.limit-100", name = "private" },
  { file = "test.decoding-full.limit-100", name = "combined" },
}

---@param given { name: string, title: string, task: string, labels: string[], published: { [1]: string, [2]: string, [3]: (number|false)[] }[] }
---@return paper.Study
return function(given)
  local columns = table.move(given.labels, 1, #given.labels, 1, {})
  columns[#columns + 1] = "total accuracy"
  return {
    name = given.name, title = given.title,
    cells = function(o)
      sets.task(o.tasks, o.only, given.task)
      return paper.cells(o, { settings = { shots = paper.middle(o), method = "ssum", sources = 1 }, grid = { seed = o.seeds } })
    end,
    show = function(runs, o)
      local task = sets.task(o.tasks, o.only, given.task)
      local one, seed = maps.median(runs)
      local parts, rows, values = {}, {}, {}
      for _, look in ipairs(LOOKS) do
        local found = compt.report.confusion(one, {
          task = task, look = look.file, title = ("%s, %s: seed %s"):format(task, look.name, seed),
        })
        if not found then error(("%s has no predictions of %s"):format(one[1] and one[1].path or "no run", look.file), 0) end
        parts[#parts + 1] = found
      end
      for i, line in ipairs(given.published) do
        rows[i], values[i] = { line[1], line[2] }, line[3]
      end
      parts[#parts + 1] = published {
        title = given.title .. "; recall (precision there) and accuracy in percent", row_names = { "prompt", "predicted" },
        rows = rows, columns = columns, values = values, digits = 0,
      }
      return parts
    end,
  }
end
