--- Significance tests of the rows of a table against a baseline.
local cells = require "compt.analysis.cells"
local statistics = require "compt.statistics"

local significance = {}

--- The minimum number of pairs: two equal differences have no variance, so p would be 0.
local FEWEST = 3

--- Whether a seed occurs twice; then the values cannot be paired.
---@param values compt.CellValue[]
local function repeated(values)
  local known = {}
  for _, one in ipairs(values) do
    if known[one.seed or ""] then return true end
    known[one.seed or ""] = true
  end
  return false
end

--- Paired values of two cells: by seed, and also by task if the value is a mean over tasks.
---@param ours compt.CellValue[]
---@param theirs compt.CellValue[]
---@return number[], number[]
local function pairs_of(ours, theirs)
  local left, right = {}, {}
  if repeated(ours) or repeated(theirs) then return left, right end
  for _, a in ipairs(ours) do
    for _, b in ipairs(theirs) do
      if a.seed == b.seed and a.scores and b.scores then
        for task, score in sorted_pairs(a.scores) do
          local other = b.scores[task]
          if other ~= nil then left[#left + 1], right[#right + 1] = score, other end
        end
      elseif a.seed == b.seed then
        left[#left + 1], right[#right + 1] = a.value, b.value
      end
    end
  end
  return left, right
end

--- Paired t-tests of each row against the baseline row of its group, with Holm's correction over all of them.
--- Returns the p values by row and column, and the number of tests.
---@param grid compt.CellGrid
---@param baseline table<integer, integer> -- row -> row of its baseline
---@return table<integer, table<integer, number>>, integer
function significance.against(grid, baseline)
  local ps, places = {}, {}
  for i = 1, #grid.rows do
    for j = 1, #grid.columns do
      local other = baseline[i]
      if other and other ~= i then
        local left, right = pairs_of(cells.at(grid, i, j).values, cells.at(grid, other, j).values)
        if #left >= FEWEST then
          local _, p = statistics.paired_t(left, right)
          ps[#ps + 1], places[#places + 1] = p, { i, j }
        end
      end
    end
  end
  local found = {} ---@type table<integer, table<integer, number>>
  for n, p in ipairs(#ps > 0 and statistics.holm(ps) or {}) do
    local i, j = table.unpack(places[n])
    local row = found[i] or {}
    row[j], found[i] = p, row
  end
  return found, #ps
end

return significance
