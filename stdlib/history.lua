--- The numbers of a run by step: the methods of what `trainer.history` returns.
local arguments = require "compt.arguments"

---@class compt.History
local History = {}
History.__index = History
History.__name = "history"

--- Whether a number is one: NaN stands for a missing one.
local function is_there(x) return x == x end

--- The mean of the numbers from one place of a list to another, without the missing ones.
---@param list number[]
---@return number?
local function mean(list, from, to)
  local sum, count = 0.0, 0
  for i = from, to do
    local x = list[i] --[[@as number]]
    if is_there(x) then
      sum, count = sum + x, count + 1
    end
  end
  return count > 0 and sum / count or nil
end

--- A copy in which every tensor is a list.
---@return any
local function lists(columns)
  local copy = {}
  for key, value in pairs(columns) do copy[key] = type(value) == "table" and lists(value) or value:tolist() end
  return copy
end

--- The means of the numbers in some places.
local function means(columns, from, to)
  local row = {}
  for key, column in pairs(columns) do
    if type(column[1]) == "number" then
      row[key] = mean(column, from, to)
    else
      row[key] = means(column, from, to)
    end
  end
  return row
end

--- Columns that are not numbers of each step.
local APART = { steps = true, evaluated = true, average = true, scores = true } ---@type table<string, true?>

--- The history as a list of at most `points` rows: means over equal parts of the steps, the last step of each part, and the
--- last evaluation in it. Without `points`, a row for each step.
---@param points integer?
---@return table[]
function History:table(points)
  if points ~= nil then arguments.check("history:table", "points", points, arguments.whole(1)) end
  local all, columns = lists(self), {}
  local steps, evaluated, average, scores = all.steps, all.evaluated, all.average, all.scores ---@type any, any, any, any
  for key, column in pairs(all) do
    if not APART[key] then columns[key] = column end
  end
  local size = points and math.max(1, math.ceil(#steps / points)) or 1
  local rows, seen = {}, 0 ---@type any[], integer
  for from = 1, #steps, size do
    local to = math.min(from + size - 1, #steps)
    local row = means(columns, from, to)
    row.step, row.epoch = steps[to], columns.epoch and columns.epoch[to]
    while evaluated[seen + 1] and (evaluated[seen + 1] <= row.step or to == #steps) do
      seen = seen + 1
      row.average, row.scores = average[seen], {}
      for task, list in pairs(scores) do
        if is_there(list[seen]) then row.scores[task] = list[seen] end
      end
    end
    rows[#rows + 1] = row
  end
  return rows
end

--- A number of at most 4 digits.
local function shown(x)
  if x == nil then return "" end
  return math.type(x) == "integer" and tostring(x) or ("%.4g"):format(x)
end

--- At most 12 rows: step, loss, temperature, learning rates, and the validation score.
function History:__tostring()
  local rows = self:table(12)
  if #rows == 0 then return "history: no steps yet" end
  local names = { "step", "loss" } ---@type string[]
  local values = { function(row) return row.step end, function(row) return row.loss end }
  local function add(name, value)
    for _, row in ipairs(rows) do
      if value(row) ~= nil then
        names[#names + 1], values[#values + 1] = name, value
        return
      end
    end
  end
  add("temperature", function(row) return row.temperature end)
  for group in sorted_pairs(self.lr --[[@as table]]) do
    add("lr." .. group, function(row) return row.lr[group] end)
  end
  add("validation", function(row) return row.average end)
  local lines, widths = { names }, {} ---@type any[], table<integer, integer>
  for _, row in ipairs(rows) do
    local line = {}
    for i, value in ipairs(values) do line[i] = shown(value(row)) end
    lines[#lines + 1] = line
  end
  for _, line in ipairs(lines) do
    for i, text in ipairs(line) do widths[i] = math.max(widths[i] or 0, #text) end
  end
  for k, line in ipairs(lines) do
    local parts = {}
    for i, text in ipairs(line) do parts[i] = (" "):rep((widths[i] or 0) - #text) .. text end
    lines[k] = table.concat(parts, "  "):gsub("%s+$", "") --[[@as any]]
  end
  return table.concat(lines, "\n")
end

return History
