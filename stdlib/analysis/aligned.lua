--- Lines of cells as aligned text; the first column to the left, the others to the right.

--- Characters without a width of their own, and those that are two columns wide: the nonspacing marks of the scripts that
--- names are in, and the wide and full-width ranges of Unicode Standard Annex 11 with emoji.
local NONE = {
  { 0x300, 0x36f }, { 0x483, 0x489 }, { 0x591, 0x5bd }, { 0x610, 0x61a }, { 0x64b, 0x65f }, { 0x200b, 0x200f }, { 0x20d0, 0x20ff },
  { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0x1f3fb, 0x1f3ff },
}
local TWO = {
  { 0x1100, 0x115f }, { 0x2e80, 0x303e }, { 0x3041, 0x4dbf }, { 0x4e00, 0xa4cf }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff },
  { 0xfe30, 0xfe6f }, { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff },
  { 0x20000, 0x3fffd },
}

---@param code integer
---@param ranges integer[][]
local function within(code, ranges)
  for _, range in ipairs(ranges) do
    if code >= range[1] and code <= range[2] then return true end
  end
  return false
end

--- The columns that a text takes in a terminal.
---@param cell string
local function length(cell)
  local count = utf8.len(cell)
  if not count or count == #cell then return #cell end
  local columns = 0
  for _, code in utf8.codes(cell) do columns = columns + (within(code, NONE) and 0 or within(code, TWO) and 2 or 1) end
  return columns
end

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
