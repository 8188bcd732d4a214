--- What a table shows in every format that people read: its lines, and the notes that explain its marks.
local shown = {}

--- The cell of a row and a column.
---@param t compt.ResultTable
---@param i integer
---@param j integer
---@return compt.TableCell
function shown.at(t, i, j)
  local row = t.cells[i] --[[@as table<integer, compt.TableCell>]]
  return row[j]
end

--- The stars of a p value.
---@param p number?
function shown.stars(p)
  if not p or p >= 0.05 then return "" end
  return p < 0.01 and "**" or "*"
end

--- A number with the digits of the table.
---@param number number
local function written(t, number)
  if number ~= number then return "NaN" end
  return ("%." .. t.digits .. "f"):format(number)
end

--- `92.4 ± 0.6`, with the number of runs if some are missing; a dash if all are.
---@param t compt.ResultTable
---@param cell compt.TableCell
---@return string
function shown.value(t, cell)
  if cell.text then return cell.text end
  if not cell.mean then return "–" end
  local text = written(t, cell.mean)
  if cell.sd then text = text .. " ± " .. written(t, cell.sd) end
  if cell.n < cell.expected then text = text .. (" (n=%d)"):format(cell.n) end
  return text
end

--- Text in one line: control characters and line separators become spaces.
---@param text string
function shown.in_line(text)
  return (text:gsub("%c", " "):gsub("\xc2[\x80-\x9f]", " "):gsub("\xe2\x80[\xa8\xa9]", " "))
end

--- Longer names are cut.
local LONGEST = 40

--- Whether a character belongs to the one before it: combining marks, joiners, selectors, skin colours.
---@param code integer
local function continues(code)
  return code >= 0x300 and code <= 0x36f or code == 0x200d or code >= 0xfe00 and code <= 0xfe0f or code >= 0x1f3fb and code <= 0x1f3ff
end

--- The beginning of a name, up to `most` characters; nil if it is not longer. No character is parted from its marks.
---@param text string
---@param most integer
---@return string?
local function beginning(text, most)
  local count = utf8.len(text)
  if not count or count <= LONGEST then return nil end
  while most > 1 and continues(utf8.codepoint(text, utf8.offset(text, most + 1))) do most = most - 1 end
  return text:sub(1, utf8.offset(text, most + 1) - 1)
end

--- The characters at the end of a name that tell it from others with the same beginning.
local ENDING = 12

--- A function that cuts long names of a table. Those that begin alike keep their ends, or their whole.
---@param t compt.ResultTable
---@return fun(name: any): string
local function cutter(t)
  local forms, counts = {}, {} ---@type table<string, string[]>, table<string, integer>
  for _, keys in ipairs { t.rows, t.columns } do
    for _, key in ipairs(keys) do
      for _, part in ipairs(key) do
        local text = tostring(part)
        local start = not forms[text] and beginning(text, LONGEST - 1)
        if start then
          local ending = text:sub(utf8.offset(text, -ENDING))
          forms[text] = { start .. "…", beginning(text, LONGEST - ENDING - 1) .. "…" .. ending }
          for _, form in ipairs(forms[text]) do counts[form] = (counts[form] or 0) + 1 end
        end
      end
    end
  end
  return function(name)
    local text = tostring(name)
    for _, form in ipairs(forms[text] or {}) do
      if counts[form] == 1 then return form end
    end
    return text
  end
end

---@param key any[]
---@param names string[]
---@param cut fun(name: any): string
local function label(key, names, cut)
  if #key == 0 or (#key == 1 and key[1] == "") then return "value" end
  local parts = {}
  for i, part in ipairs(key) do
    parts[i] = (#names > 1 and names[i] ~= "task" and names[i] .. " " or "") .. cut(part)
  end
  return table.concat(parts, ", ")
end

--- The lines of the table, names first; `show(cell)` is a cell's text.
---@param t compt.ResultTable
---@param show fun(cell: compt.TableCell): string
---@return string[][]
function shown.lines(t, show)
  local head, cut = {}, cutter(t)
  for i, name in ipairs(t.row_names) do head[i] = name end
  for _, key in ipairs(t.columns) do head[#head + 1] = label(key, t.column_names, cut) end
  local lines = { head }
  for i, key in ipairs(t.rows) do
    local line = {}
    for k, part in ipairs(key) do
      local above = t.rows[i - 1] or {}
      local same = k < #key
      for before = 1, k do same = same and above[before] == key[before] end
      line[k] = same and "" or cut(part)
    end
    for j = 1, #t.columns do line[#line + 1] = show(shown.at(t, i, j)) end
    lines[#lines + 1] = line
  end
  return lines
end

--- The differences from the baseline with their confidence intervals, in rows and columns as those of the table: its
--- title, and its lines. nil if they are not shown or there are none.
---@param t compt.ResultTable
---@param show fun(cell: compt.TableCell, text: string): string -- a cell's text from the difference as text
---@return string?, string[][]
function shown.effects(t, show)
  if not t.effects then return nil, {} end
  local digits, rows, by_row, intervals = t.digits, {}, {}, false
  local one, interval = "%+." .. digits .. "f", " [%." .. digits .. "f, %." .. digits .. "f]"
  for i, key in ipairs(t.rows) do
    local compared = false
    for j = 1, #t.columns do
      local cell = shown.at(t, i, j)
      compared, intervals = compared or cell.effect ~= nil, intervals or cell.low ~= nil
    end
    if compared then rows[#rows + 1], by_row[#by_row + 1] = key, t.cells[i] end
  end
  if #rows == 0 then return nil, {} end
  local part = setmetatable({ rows = rows, cells = by_row }, { __index = t })
  local title = ("Difference from %s%s"):format(t.baseline, intervals and " [95 % confidence interval]" or "")
  return title, shown.lines(part, function(cell)
    if not cell.effect then return "–" end
    local text = one:format(cell.effect)
    if cell.low then text = text .. interval:format(cell.low, cell.high) end
    return show(cell, text)
  end)
end

--- The notes of the table, and what each mark in it says.
---@param t compt.ResultTable
---@param mark string -- how the best mean is marked
---@return string
function shown.notes(t, mark)
  local notes, best, empty, fewer, cut, nan = table.move(t.notes, 1, #t.notes, 1, {}), false, false, false, false, false
  for i = 1, #t.rows do
    for j = 1, #t.columns do
      local cell = shown.at(t, i, j)
      best = best or cell.best == true
      empty = empty or cell.mean == nil and (cell.text or "–") == "–"
      fewer = fewer or cell.text == nil and cell.mean ~= nil and cell.n < cell.expected
      nan = nan or cell.text == nil and cell.mean ~= cell.mean
    end
  end
  for _, keys in ipairs { t.rows, t.columns } do
    for _, key in ipairs(keys) do
      for _, part in ipairs(key) do cut = cut or (utf8.len(tostring(part)) or 0) > LONGEST end
    end
  end
  if fewer then notes[#notes + 1] = "n: runs with a value, where others have none" end
  if empty then notes[#notes + 1] = "–: no value" end
  if nan then notes[#notes + 1] = "NaN: some value is not a number" end
  if cut then notes[#notes + 1] = ("…: a name of more than %d characters"):format(LONGEST) end
  if best then notes[#notes + 1] = ("%s: %s"):format(mark, t.best or "best") end
  return table.concat(notes, "; ")
end

return shown
