--- A table of given numbers, for example those that a paper prints, in the form of the tables of runs.
local arguments = require "compt.arguments"
local result_table = require "compt.analysis.result_table"

local CALL = "compt.report.values"

local DIGITS = {
  text = "a whole number, or one for each column",
  is = function(value)
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      if math.type(one) ~= "integer" or one < 0 then return false end
    end
    return value ~= nil
  end,
}

local RULES = {
  { "rows", arguments.sequence }, { "columns", arguments.names }, { "values", arguments.sequence },
  { "row_names", arguments.names }, { "title", arguments.optional(arguments.name) }, { "digits", DIGITS, 1 },
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
      local count, digits = value and 1 or 0, type(o.digits) == "table" and o.digits[j] or o.digits
      local text = value and ("%." .. digits .. "f"):format(value) or nil
      cells[i][j] = { mean = value or nil, n = count, expected = count, values = {}, text = text }
    end
  end
  return result_table {
    title = o.title, row_names = o.row_names, column_names = { "column" }, rows = o.rows, columns = columns, cells = cells,
    digits = 1, notes = o.notes or {}, warnings = {}, effects = false,
  }
end
