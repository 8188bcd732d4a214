--- The main table of a page: the mean of each group of runs with its confidence interval, as numbers and drawn.
local escape = require("compt.analysis.formats").escape
local result_table = require "compt.analysis.table"
local statistics = require "compt.statistics"
local student = require "compt.statistics.student"

local LEVEL = 0.95
--- The width of an interval's picture, and the room at its ends.
local WIDTH, ROOM = 240, 8

---@class compt.Markup
---@field html fun(self: compt.Markup): string

--- Student's interval of the mean; nil for one value.
---@param cell compt.TableCell
---@return number?, number?
local function interval(cell)
  if not cell.mean or cell.n < 2 then return end
  local half = student.critical(1 - LEVEL, cell.n - 1) * statistics.sd(cell.values) / cell.n ^ 0.5
  return cell.mean - half, cell.mean + half
end

---@class compt.StandingRow
---@field key any[]
---@field cell compt.TableCell
---@field low number?
---@field high number?

--- The ends of the axis: those of the intervals, within the scores that are possible where the means are.
---@param rows compt.StandingRow[]
---@return number?, number?
local function ends(rows)
  local low, high = math.huge, -math.huge
  local least, most = math.huge, -math.huge
  for _, row in ipairs(rows) do
    local mean = row.cell.mean
    if mean and mean == mean then
      least, most = math.min(least, mean), math.max(most, mean)
      low, high = math.min(low, row.low or mean), math.max(high, row.high or mean)
    end
  end
  if low > high then return end
  if least >= 0 and most <= 100 then low, high = math.max(low, 0), math.min(high, 100) end
  if high - low < 1e-9 then low, high = low - 1, high + 1 end
  return low, high
end

--- A dot at the mean on the line of its interval.
---@param row compt.StandingRow
local function picture(row, low, high)
  local function at(x) return ROOM + (WIDTH - 2 * ROOM) * math.min(1, math.max(0, (x - low) / (high - low))) end
  local parts = { ("<svg class=\"interval\" width=\"%d\" height=\"16\" viewBox=\"0 0 %d 16\" aria-hidden=\"true\">"):format(WIDTH, WIDTH) }
  if row.low then parts[#parts + 1] = ("<path d=\"M%.1f 8H%.1f\"/>"):format(at(row.low), at(row.high)) end
  parts[#parts + 1] = ("<circle cx=\"%.1f\" cy=\"8\" r=\"4\"%s/></svg>"):format(at(row.cell.mean), row.cell.best and " class=\"best\"" or "")
  return table.concat(parts)
end

---@param t compt.ResultTable
---@return string
local function head_of(t, low, high)
  local out = { "<tr>" }
  for _, name in ipairs(t.row_names) do out[#out + 1] = ("<th scope=\"col\">%s</th>"):format(escape(name)) end
  local numbers = "<th scope=\"col\">average</th><th scope=\"col\">95 %% interval</th><th scope=\"col\">runs</th>"
  out[#out + 1] = numbers:gsub("%%%%", "%%")
  if low then
    out[#out + 1] = ("<th scope=\"col\"><span class=\"ends\"><span>%.1f</span><span>%.1f</span></span></th>"):format(low, high)
  end
  return table.concat(out) .. "</tr>"
end

---@param row compt.StandingRow
---@return string
local function line_of(row, low, high)
  local cell, out = row.cell, { "<tr>" }
  for _, part in ipairs(row.key) do out[#out + 1] = ("<th scope=\"row\">%s</th>"):format(escape(part)) end
  local mean = cell.mean and ("%.1f"):format(cell.mean) or "–"
  out[#out + 1] = ("<td>%s</td>"):format(cell.best and "<b>" .. mean .. "</b>" or mean)
  out[#out + 1] = ("<td>%s</td>"):format(row.low and ("%.1f to %.1f"):format(row.low, row.high) or "–")
  out[#out + 1] = ("<td>%s</td>"):format(cell.n < cell.expected and ("%d of %d"):format(cell.n, cell.expected) or cell.n)
  if low then out[#out + 1] = ("<td>%s</td>"):format(cell.mean and picture(row, low, high) or "") end
  return table.concat(out) .. "</tr>"
end

---@param t compt.ResultTable
---@param rows compt.StandingRow[]
---@return string
local function html(t, rows)
  local low, high = ends(rows)
  local out = { "<table class=\"result standing\">", ("<thead>%s</thead><tbody>"):format(head_of(t, low, high)) }
  local alone, best = false, false
  for _, row in ipairs(rows) do
    alone, best = alone or row.cell.n == 1, best or row.cell.best == true
    out[#out + 1] = line_of(row, low, high)
  end
  out[#out + 1] = "</tbody></table>"
  local notes = { "Interval: 95 % confidence interval of the mean over seeds, by Student's t" }
  if alone then notes[#notes + 1] = "a single run has none" end
  if best then notes[#notes + 1] = "bold: best" end
  out[#out + 1] = ("<p class=\"note\">%s. %s.</p>"):format(escape(table.concat(notes, "; ")), escape(table.concat(t.notes, "; ")))
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
    local cell = t.cells[i][1]
    local low, high = interval(cell)
    rows[i] = { key = key, cell = cell, low = low, high = high }
  end
  return { html = function() return html(t, rows) end }, #t.rows
end
