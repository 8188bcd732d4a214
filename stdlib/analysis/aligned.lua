--- Lines of cells as aligned text; the first column to the left, the others to the right.
local function length(cell) return utf8.len(cell) or #cell end

---@param rows string[][]
---@return string
return function(rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do widths[i] = math.max(widths[i] or 0, length(cell)) end
  end
  local lines = {}
  for _, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      local space = (" "):rep(widths[i] - length(cell))
      cells[i] = i == 1 and cell .. space or space .. cell
    end
    lines[#lines + 1] = (table.concat(cells, "  "):gsub("%s+$", ""))
  end
  return table.concat(lines, "\n")
end
