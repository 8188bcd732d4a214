--- The main table of a page: the mean of each group of runs with its confidence interval, as numbers and drawn.
local collection = require "compt.analysis.collection"
local formats = require "compt.analysis.formats"
local table_text = require "compt.analysis.shown"
local result_table = require "compt.analysis.table"
local shown = require "compt.report.shown"
local statistics = require "compt.statistics"
local student = require "compt.statistics.student"

local escape = formats.escape

local LEVEL = 0.95
--- Fewer runs have an interval that says nothing: of two runs it is 12.7 standard errors wide on either side.
local FEWEST = 3
--- The width of an interval's picture, and the room at its ends.
local WIDTH, ROOM = 240, 8

---@class compt.Markup
---@field html fun(self: compt.Markup): string

--- Student's interval of the mean; nil for too few values.
---@param cell compt.TableCell
---@return number?, number?
local function interval(cell)
  if not cell.mean or cell.n < FEWEST then return end
  local half = student.critical(1 - LEVEL, cell.n - 1) * statistics.sd(cell.values) / cell.n ^ 0.5
  return cell.mean - half, cell.mean + half
end

--- Cuts intervals at 0 and 100 where all scores lie between. Returns whether one was cut.
---@param rows compt.StandingRow[]
---@return boolean
local function cut(rows)
  for _, row in ipairs(rows) do
    for _, value in ipairs(row.cell.values) do
      if not (value >= 0 and value <= 100) then return false end
    end
  end
  local some = false
  for _, row in ipairs(rows) do
    if row.low then
      some = some or row.low < 0 or row.high > 100
      row.low, row.high = math.max(row.low, 0), math.min(row.high --[[@as number]], 100)
    end
  end
  return some
end

---@class compt.StandingRow
---@field key any[]
---@field cell compt.TableCell
---@field low number?
---@field high number?

--- The ends of the axis: those of the intervals and of the values.
---@param rows compt.StandingRow[]
---@return number?, number?
local function ends(rows)
  local low, high = math.huge, -math.huge
  for _, row in ipairs(rows) do
    for _, value in ipairs { row.low or math.huge, table.unpack(row.cell.values) } do low = math.min(low, value) end
    for _, value in ipairs { row.high or -math.huge, table.unpack(row.cell.values) } do high = math.max(high, value) end
  end
  if not (low <= high and high < math.huge) then return end
  if high - low < 1e-9 then return low - 1, high + 1 end
  return low, high
end

--- The mean on the line of its interval, and a stroke for each run.
---@param row compt.StandingRow
local function picture(row, low, high)
  local function at(x) return ROOM + (WIDTH - 2 * ROOM) * (x - low) / (high - low) end
  local parts = { ("<svg class=\"interval\" viewBox=\"0 0 %d 16\" aria-hidden=\"true\">"):format(WIDTH) }
  for _, value in ipairs(row.cell.values) do parts[#parts + 1] = ("<path class=\"run\" d=\"M%.1f 2V14\"/>"):format(at(value)) end
  if row.low then parts[#parts + 1] = ("<path d=\"M%.1f 8H%.1f\"/>"):format(at(row.low), at(row.high)) end
  parts[#parts + 1] = ("<circle cx=\"%.1f\" cy=\"8\" r=\"4\"/></svg>"):format(at(row.cell.mean))
  return table.concat(parts)
end

---@param t compt.ResultTable
---@return string
local function head_of(t, low, high)
  local out = { "<tr>" }
  for _, name in ipairs(t.row_names) do out[#out + 1] = ("<th scope=\"col\">%s</th>"):format(shown(name)) end
  for _, name in ipairs { "average", "95 % interval", "runs" } do out[#out + 1] = ("<th scope=\"col\" class=\"number\">%s</th>"):format(name) end
  if low then
    out[#out + 1] = ("<th scope=\"col\"><span class=\"ends\"><span>%.1f</span><span>%.1f</span></span></th>"):format(low, high)
  end
  return table.concat(out) .. "</tr>"
end

---@param row compt.StandingRow
---@return string
local function line_of(row, low, high)
  local cell, out = row.cell, { "<tr>" }
  for _, part in ipairs(row.key) do out[#out + 1] = ("<th scope=\"row\">%s</th>"):format(shown(part)) end
  local mean = cell.mean and ("%.1f"):format(cell.mean) or "–"
  out[#out + 1] = ("<td>%s</td>"):format(cell.best and "<b>" .. mean .. "</b>" or mean)
  out[#out + 1] = ("<td>%s</td>"):format(row.low and ("%.1f to %.1f"):format(row.low, row.high) or "–")
  out[#out + 1] = ("<td>%s</td>"):format(cell.n < cell.expected and ("%d of %d"):format(cell.n, cell.expected) or cell.n)
  if low then out[#out + 1] = ("<td>%s</td>"):format(cell.mean and picture(row, low, high) or "") end
  return table.concat(out) .. "</tr>"
end

---@param t compt.ResultTable
---@param rows compt.StandingRow[]
---@param newest string? -- what the scores are, if not those of finished runs
---@return string
local function html(t, rows, newest)
  local is_cut = cut(rows)
  local low, high = ends(rows)
  local out = { "<table class=\"result standing\">", ("<thead>%s</thead><tbody>"):format(head_of(t, low, high)) }
  local known, best = 0, false
  for _, row in ipairs(rows) do
    known, best = known + (row.low and 1 or 0), best or row.cell.best == true
    out[#out + 1] = line_of(row, low, high)
  end
  out[#out + 1] = "</tbody></table>"
  local notes = { t.notes[1] or "", newest }
  notes[#notes + 1] = "interval: 95 % confidence interval of the mean over seeds, by Student's t"
  if known < #rows then notes[#notes + 1] = ("fewer than %d runs have none"):format(FEWEST) end
  if is_cut then notes[#notes + 1] = "cut at 0 and 100" end
  if best then notes[#notes + 1] = "bold: best" end
  notes[#notes + 1] = "each stroke is a run"
  out[#out + 1] = ("<p class=\"note\">%s.</p>"):format(escape(table.concat(notes, "; ")))
  for _, warning in ipairs(t.warnings) do out[#out + 1] = ("<div class=\"warning\">%s</div>"):format(escape(warning)) end
  return table.concat(out, "\n")
end

--- The means of runs by these settings; nil if it would have more than `most` rows, with their number.
---@param runs compt.Runs
---@param by string[]
---@param most integer
---@return compt.Markup?, integer
return function(runs, by, most)
  local t, rows = result_table(runs, { rows = by }), {} ---@type compt.ResultTable, compt.StandingRow[]
  if #t.rows > most then return nil, #t.rows end
  for i, key in ipairs(t.rows) do
    local cell = table_text.at(t, i, 1)
    local low, high = interval(cell)
    rows[i] = { key = key, cell = cell, low = low, high = high }
  end
  return { html = function() return html(t, rows, collection.about_newest(runs)) end }, #t.rows
end
