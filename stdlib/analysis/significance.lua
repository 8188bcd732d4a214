--- Which rows of a table differ from a baseline by more than chance.
local cells = require "compt.analysis.cells"
local statistics = require "compt.statistics"

local significance = {}

--- Fewer pairs than this tell nothing: two that differ alike would be certain.
local FEWEST = 3

--- Whether a seed comes twice: then it is not known which values belong together.
---@param values compt.CellValue[]
local function repeated(values)
  local known = {}
  for _, one in ipairs(values) do
    if known[one.seed or ""] then return true end
    known[one.seed or ""] = true
  end
  return false
end

--- The values of two cells that belong together: by seed, and by task where the value is a mean over tasks.
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

--- Tests each row against the baseline's row of its group, paired; corrects all p values together (Holm).
--- Gives them by row and column, and how many tests were made.
---@param grid compt.CellGrid
---@param baseline table<integer, integer> -- row -> the row of its baseline
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
