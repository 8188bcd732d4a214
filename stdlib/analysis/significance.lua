--- Tests of the rows of a table against a baseline, and what the footnote says about them.
local cells = require "compt.analysis.cells"
local comparison = require "compt.analysis.comparison"
local row_scores = require "compt.analysis.row_scores"
local statistics = require "compt.statistics"

local significance = {}

--- The tests, as the footnote names them.
local TESTS = {
  rows = "one task: answers to the same test rows, with rows and seeds as samples",
  answers = "one task: answers of one seed's runs to the same test rows (exact McNemar or sign-flip; nothing is said of other seeds)",
  seeds = "without recorded answers to the same test rows: exact sign-flip over seeds, for these test rows",
  ["seed means"] = "averages, for these tasks: exact sign-flip over seed means",
  tasks = "averages, for tasks like these: exact sign-flip over task means",
}
local ORDER = { "rows", "answers", "seeds", "seed means", "tasks" }
--- Fewer tasks are a small sample of tasks.
local FEW_TASKS = 10

local function counted(count, what) return ("%d %s%s"):format(count, what, count == 1 and "" or "s") end

--- A test as the footnote names it, with what its design cannot show.
---@param list compt.Compared[]
local function described(list, kind)
  local units, least, equal = math.huge, 0.0, 0
  for _, one in ipairs(list) do
    if one.test == kind then units, least = math.min(units, one.units or units), math.max(least, one.least or 0) end
  end
  for _, one in ipairs(list) do equal = equal + (one.p and (one.least or 0) >= least and 1 or 0) end
  local text = TESTS[kind]
  if kind == "tasks" and units < FEW_TASKS then text = ("%s (%d, which are few)"):format(text, units) end
  -- Holm's factor of the smallest of these is their number or more.
  if least * equal >= 0.05 then
    text = ("%s (no p is below %.2g before the correction: a mark needs more %s)"):format(text, least, kind == "tasks" and "tasks" or "seeds")
  end
  return text
end

--- What was tested; p is corrected.
---@param list compt.Compared[]
---@param baseline string
---@return string[]
local function notes_of(list, baseline)
  local tested, used, reasons, order, one_star, two_stars = 0, {}, {}, {}, false, false
  for _, one in ipairs(list) do
    if one.p then
      tested, used[one.test] = tested + 1, true
      one_star, two_stars = one_star or one.p >= 0.01 and one.p < 0.05, two_stars or one.p < 0.01
    else
      local why = one.why --[[@as string]]
      if not reasons[why] then order[#order + 1] = why end
      reasons[why] = (reasons[why] or 0) + 1
    end
  end
  local notes = {}
  if tested > 0 then
    local marks = {}
    if one_star then marks[1] = "* p < 0.05" end
    if two_stars then marks[#marks + 1] = "** p < 0.01" end
    local stars = #marks > 0 and table.concat(marks, ", ") .. " against" or "no p < 0.05 against"
    notes[1] = ("%s %s, Holm over %s"):format(stars, baseline, counted(tested, "test"))
  end
  for _, kind in ipairs(ORDER) do
    if used[kind] then notes[#notes + 1] = described(list, kind) end
  end
  for _, why in ipairs(order) do
    notes[#notes + 1] = ("no mark is possible in %s with %s: %s"):format(counted(reasons[why], "comparison"), baseline, why)
  end
  return notes
end

---@class compt.Tested
---@field at table<integer, table<integer, compt.Compared>> -- by row and column; p is corrected
---@field notes string[]

--- Compares each row with the baseline row of its group; p has Holm's correction over all tests.
---@param grid compt.CellGrid
---@param baseline table<integer, integer> -- row -> row of its baseline
---@param o { name: string, claim: "these tasks"|"tasks", rows?: compt.RowsOf }
---@return compt.Tested
function significance.against(grid, baseline, o)
  local list, ps, at = {}, {}, {} ---@type compt.Compared[], number[], table<integer, table<integer, compt.Compared>>
  local options = { claim = o.claim, rows = o.rows or row_scores.of }
  for i = 1, #grid.rows do
    at[i] = {}
    for j = 1, #grid.columns do
      local other = baseline[i]
      local ours = cells.at(grid, i, j).values
      local theirs = other and other ~= i and cells.at(grid, other, j).values or {}
      if #ours > 0 and #theirs > 0 then
        local one = comparison.of(ours, theirs, options)
        list[#list + 1], at[i][j] = one, one
        if one.p then ps[#ps + 1] = one.p end
      end
    end
  end
  local k = 0
  local corrected = {} ---@type number[]
  if #ps > 0 then corrected = statistics.holm(ps) end
  for _, one in ipairs(list) do
    if one.p then
      k = k + 1
      one.p = corrected[k]
    end
  end
  return { at = at, notes = notes_of(list, o.name) }
end

return significance
