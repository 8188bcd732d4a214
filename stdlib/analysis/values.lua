--- A table of given numbers, for example those that a paper prints, in the form of the tables of runs.
local arguments = require "compt.arguments"
local result_table = require "compt.analysis.result_table"

local CALL = "compt.report.values"

local RULES = {
  { "rows", arguments.sequence }, { "columns", arguments.names }, { "values", arguments.sequence },
  { "row_names", arguments.names }, { "title", arguments.optional(arguments.name) }, { "digits", arguments.whole(0), 1 },
  { "notes", arguments.optional(arguments.names) },
}

---@param given compt.ValuesOptions
---@return compt.ResultTable
return function(given)
  local o = arguments.options(CALL, given, RULES)
  if #o.values ~= #o.rows then
    error(("%s: there are %d rows, and values of %d"):format(CALL, #o.rows, #o.values), 2)
  end
  local columns, cells = {}, {}
  for j, name in ipairs(o.columns) do columns[j] = { name } end
  for i, line in ipairs(o.values) do
    if #line ~= #columns then
      error(("%s: row %d has %d values, and there are %d columns"):format(CALL, i, #line, #columns), 2)
    end
    cells[i] = {}
    for j, value in ipairs(line) do
      local count = value and 1 or 0
      cells[i][j] = { mean = value or nil, n = count, expected = count, values = {} }
    end
  end
  return result_table {
    title = o.title, row_names = o.row_names, column_names = { "column" }, rows = o.rows, columns = columns, cells = cells,
    digits = o.digits, notes = o.notes or {}, warnings = {}, effects = false,
  }
end
