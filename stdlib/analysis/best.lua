--- The best mean among the cells of a table that compete.
local cells = require "compt.analysis.cells"
local differences = require "compt.analysis.differences"

local best = {}

--- What the data of a run are; runs that differ in one of these have answered other questions.
local DATA = { "shots", "per", "tasks", "split_seed", "tasks.split_seed" }

--- A key without its last component; rows with the same result are compared with each other.
---@param key any[]
function best.group(key) return table.concat(key, "\0", 1, #key - 1) end

--- What must be equal for two cells to compete: the data, the tasks with their numbers of test rows, and the seeds.
---@param values compt.CellValue[]
---@return table<string, string>
local function terms(values)
  local sets = {} ---@type table<string, table<string, boolean>>
  local function add(name, value)
    sets[name] = sets[name] or {}
    sets[name][cells.text(value)] = true
  end
  for _, one in ipairs(values) do
    local all = one.run.path and differences.all_of(one.run) or one.run.settings
    for _, name in ipairs(DATA) do add(name, all[name]) end
    add("seeds", ("%s/%s"):format(cells.text(one.seed), cells.text(all.data_seed)))
    for task in pairs(one.scores or {}) do
      add("tasks of the average", task)
      add("test rows", ("%s: %s"):format(task, cells.text((one.run.counts or {})[task])))
    end
  end
  local found = {}
  for name, set in pairs(sets) do
    local list = {}
    for text in sorted_pairs(set) do list[#list + 1] = text end
    found[name] = table.concat(list, ", ")
  end
  return found
end

--- The names of what differs between cells; empty if they compete.
---@param list compt.CellValue[][]
---@return string[]
local function apart(list)
  local first, found, known = nil, {}, {} ---@type table<string, string>?, string[], table<string, boolean>
  for _, values in ipairs(list) do
    local own = terms(values)
    first = first or own
    for name, text in sorted_pairs(own) do
      if first[name] ~= nil and first[name] ~= text and not known[name] then
        known[name], found[#found + 1] = true, name
      end
    end
  end
  return found
end

--- Marks the best mean of each column in each group of rows; none if all are equal, or if the cells do not compete.
--- Returns notes about the latter.
---@param grid compt.CellGrid
---@param entries table<integer, table<integer, compt.TableCell>>
---@param kind "max"|"min"|"none"
---@return string[]
function best.mark(grid, entries, kind)
  if kind == "none" then return {} end
  local sign, skipped, order = kind == "max" and 1 or -1, {}, {}
  for j = 1, #grid.columns do
    local groups, names = {}, {} ---@type table<string, integer[]>, string[]
    for i, key in ipairs(grid.rows) do
      local name = best.group(key)
      if not groups[name] then groups[name], names[#names + 1] = {}, name end
      if entries[i][j].mean then table.insert(groups[name], i) end
    end
    for _, name in ipairs(names) do
      local rows, highest, lowest, list = groups[name], -math.huge, math.huge, {}
      for k, i in ipairs(rows) do
        local value = sign * (entries[i][j].mean or 0)
        highest, lowest = math.max(highest, value), math.min(lowest, value)
        list[k] = cells.at(grid, i, j).values
      end
      local why = highest > lowest and table.concat(apart(list), " and ") or ""
      for _, i in ipairs(rows) do
        local cell = entries[i][j] --[[@as compt.TableCell]]
        cell.best = highest > lowest and why == "" and cell.mean == sign * highest
      end
      if why ~= "" then
        if not skipped[why] then order[#order + 1] = why end
        skipped[why] = (skipped[why] or 0) + 1
      end
    end
  end
  local notes = {}
  for n, why in ipairs(order) do
    notes[n] = ("no best in %d column%s: the rows differ in their %s"):format(skipped[why], skipped[why] == 1 and "" or "s", why)
  end
  return notes
end

return best
