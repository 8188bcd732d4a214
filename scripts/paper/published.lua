--- The paper's own numbers, as a table beside ours.
local compt = require "compt"

--- A table of numbers from the paper. Values: one list for each row; false where the paper has none.
---@param given { title: string, row_names: string[], rows: any[][], columns: string[], values: (number|false)[][], digits: (integer|integer[])? }
---@return compt.ResultTable
return function(given)
  return compt.report.values {
    title = given.title .. " (the paper)", row_names = given.row_names, rows = given.rows, columns = given.columns,
    values = given.values, digits = given.digits or 1,
    notes = { "Pouramini and Faili, T5-base; the numbers of the paper" },
  }
end
