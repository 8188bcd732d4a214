--- Figures of any numbers: lines, points, histograms.
local arguments = require "compt.arguments"
local figure = require "compt.figures.figure"
local layout = require "compt.figures.layout"
local statistics = require "compt.statistics"

local optional, name = arguments.optional, arguments.name

local numbers = {}

--- The numbers of a list or tensor, whatever its shape.
---@param call string
---@param values any
---@param found number[]?
---@return number[]
local function flat(call, values, found)
  local list = found or {}
  if type(values) == "userdata" then values = values:tolist() end
  if type(values) == "number" then
    list[#list + 1] = values
  elseif type(values) == "table" then
    for i = 1, #values do flat(call, values[i], list) end
  else
    error(("%s: expected numbers, a list or a tensor, not %s"):format(call, arguments.show(values)), 3)
  end
  return list
end

--- Lines by name: of a list or a tensor [n], a list of them or a tensor [s, n], or a table of them by name.
---@param call string
---@return { name: string, values: number[] }[]
local function series_of(call, values)
  if type(values) == "userdata" then values = values:tolist() end
  if type(values) ~= "table" then return { { name = "", values = flat(call, values) } } end
  local series = {}
  if #values == 0 then
    for key, list in sorted_pairs(values) do series[#series + 1] = { name = tostring(key), values = flat(call, list) } end
  elseif type(values[1]) == "number" then
    series[1] = { name = "", values = flat(call, values) }
  else
    for i, list in ipairs(values) do series[i] = { name = tostring(i), values = flat(call, list) } end
  end
  return series
end

---@param value number
local function is_finite(value) return value == value and math.abs(value) < math.huge end

--- A note on points that are left out because their place is not finite.
---@param left_out integer
---@param of integer
---@return string[]
local function without(left_out, of)
  return left_out > 0 and { ("%d of %d points have no finite x"):format(left_out, of) } or {}
end

--- Lines of any numbers over their index, or over `x`.
---@param values any
---@param given compt.PlotOptions?
---@return compt.Figure
function numbers.plot(values, given)
  local call = "compt.figures.plot"
  local o = arguments.options(call, given, layout.with_rules {
    { "x", optional(arguments.any) }, { "log", arguments.flag, false },
  })
  local series, x = {}, o.x ~= nil and flat(call, o.x) or nil
  local left_out, of = 0, 0
  for i, line in ipairs(series_of(call, values)) do
    local places = x
    if not places then
      places = {}
      for k = 1, #line.values do places[k] = k end
    elseif #places ~= #line.values then
      error(("%s: x has %d numbers, and %s %d"):format(call, #places, line.name == "" and "the values" or line.name, #line.values), 2)
    end
    local at, mean = {}, {} ---@type number[], number[]
    for k, place in ipairs(places) do
      if is_finite(place) then at[#at + 1], mean[#mean + 1] = place, line.values[k] end
    end
    left_out, of = left_out + #places - #at, of + #places
    series[i] = { name = line.name, x = at, mean = mean }
  end
  return figure(call, "", without(left_out, of), {
    { kind = "lines", x_label = "", y_label = "", y_axis = o.log and { log = true } or nil, series = series },
  }, o)
end

--- The least-squares line of some points with its 95 % confidence band, over places between the ends; and the correlation.
---@param x number[]
---@param y number[]
---@return table?, number?
local function regression(x, y)
  local n = #x
  local fit = n > 2 and statistics.regression(x, y) or nil
  if not fit then return nil end
  local low, high = math.huge, -math.huge
  for _, place in ipairs(x) do
    low, high = math.min(low, place), math.max(high, place)
  end
  local line = { name = "", x = {}, mean = {}, low = {}, high = {}, form = "curve" }
  for i = 0, 40 do
    local at = low + (high - low) * i / 40
    local mean = fit.intercept + fit.slope * at
    local half = fit.half_width(at)
    line.x[i + 1], line.mean[i + 1], line.low[i + 1], line.high[i + 1] = at, mean, mean - half, mean + half
  end
  return line, fit.r
end

--- Points: numbers over others.
---@param x any
---@param y any
---@param given compt.ScatterOptions?
---@return compt.Figure
function numbers.scatter(x, y, given)
  local call = "compt.figures.scatter"
  local o = arguments.options(call, given, layout.with_rules {
    { "by", optional(arguments.sequence) }, { "regression", arguments.flag, false }, { "labels", optional(arguments.sequence) },
  })
  local xs, ys = flat(call, x), flat(call, y)
  local by, labels = o.by, o.labels
  if #xs ~= #ys or by and #by ~= #xs or labels and #labels ~= #xs then
    error(("%s: %d x, %d y%s%s"):format(call, #xs, #ys, by and (", %d in by"):format(#by) or "", labels and (", %d labels"):format(#labels) or ""), 2)
  end
  local series, known, left_out = {}, {}, 0
  for i, place in ipairs(xs) do
    local of = by and tostring(by[i]) or ""
    if not known[of] then
      known[of] = { name = of, x = {}, mean = {}, labels = labels and {} or nil }
      series[#series + 1] = known[of]
    end
    local height = ys[i] --[[@as number]]
    if is_finite(place) and is_finite(height) then
      table.insert(known[of].x, place)
      table.insert(known[of].mean, height)
      if labels then table.insert(known[of].labels, tostring(labels[i])) end
    else
      left_out = left_out + 1
    end
  end
  local notes = left_out > 0 and { ("%d of %d points are not finite"):format(left_out, #xs) } or {}
  for i = 1, o.regression and #series or 0 do
    local of, fx, fy = series[i], {}, {} ---@type table, number[], number[]
    for k, place in ipairs(of.x) do
      local value = of.mean[k]
      if value and is_finite(value) then fx[#fx + 1], fy[#fy + 1] = place, value end
    end
    local line, r = regression(fx, fy)
    local name_of = of.name == "" and "" or of.name .. ": "
    if line then
      line.like, series[#series + 1] = i, line
      notes[#notes + 1] = ("%sleast-squares line with its 95 %% confidence band, r = %.2f, n = %d"):format(name_of, r, #fx)
    else
      notes[#notes + 1] = ("%sno line: it needs 3 points or more with different x"):format(name_of)
    end
  end
  return figure(call, "", notes, {
    { kind = "lines", scatter = true, x_label = "", y_label = "", series = series },
  }, o)
end

--- Confidences and whether predictions are right, from lists or from rows of `t:predict`.
---@param call string
---@param given any
---@param correct any
---@param label string
---@return number[], number[]
local function judged(call, given, correct, label)
  local confidences, right = {}, {} ---@type number[], number[]
  if type(given) == "table" and type(given[1]) == "table" then
    for i, row in ipairs(given) do
      local gold = row.label
      if gold == nil and row.row then gold = row.row[label] end
      if gold == nil or row.score == nil then
        error(("%s: row %d has no %s"):format(call, i, row.score == nil and "score; only label words have one" or label), 3)
      end
      confidences[i], right[i] = row.score, tostring(gold) == tostring(row.prediction) and 1 or 0
    end
    return confidences, right
  end
  confidences = flat(call, given)
  local list = type(correct) == "userdata" and correct:tolist() or correct
  if type(list) ~= "table" or #list ~= #confidences then
    error(("%s: %d confidences need as many values of true or false"):format(call, #confidences), 3)
  end
  for i, is in ipairs(list) do right[i] = (is == true or is == 1) and 1 or 0 end
  return confidences, right
end

--- A reliability diagram: the share of right predictions by confidence, with the expected calibration error.
---@param given any
---@param correct any
---@param options compt.CalibrationOptions?
---@return compt.Figure
function numbers.calibration(given, correct, options)
  local call = "compt.figures.calibration"
  if options == nil and type(correct) == "table" and #correct == 0 then given, correct, options = given, nil, correct end
  local o = arguments.options(call, options, layout.with_rules { { "bins", arguments.whole(1), 10 }, { "label", name, "label" } })
  local confidences, right = judged(call, given, correct, o.label)
  if #confidences == 0 then error(call .. ": there are no predictions", 2) end
  local sums, hits, counts = {}, {}, {} ---@type number[], number[], integer[]
  for i, confidence in ipairs(confidences) do
    if not (confidence >= 0 and confidence <= 1) then
      error(("%s: a confidence is 0 to 1, not %s"):format(call, tostring(confidence)), 2)
    end
    -- A bin has its upper end, as in Guo et al. (2017); the first has 0, too.
    local bin = math.max(1, math.ceil(confidence * o.bins - 1e-12))
    sums[bin], hits[bin] = (sums[bin] or 0) + confidence, (hits[bin] or 0) + (right[i] or 0)
    counts[bin] = (counts[bin] or 0) + 1
  end
  local line, off = { name = "predictions", x = {}, mean = {} }, 0.0
  for bin = 1, o.bins do
    local n, sum, hit = counts[bin], sums[bin] or 0, hits[bin] or 0
    if n then
      table.insert(line.x, sum / n)
      table.insert(line.mean, hit / n)
      off = off + math.abs(hit - sum) / #confidences
    end
  end
  local notes = { ("%d predictions in %d bins; expected calibration error %.3f"):format(#confidences, o.bins, off) }
  return figure(call, "Calibration", notes, {
    {
      kind = "lines", x_label = "confidence", y_label = "share of right predictions",
      series = { { name = "calibrated", x = { 0, 1 }, mean = { 0, 1 }, form = "reference" }, line },
      x_axis = { limits = { 0, 1 } }, y_axis = { limits = { 0, 1 } },
    },
  }, o)
end

--- The number of bins of `numpy.histogram_bin_edges(bins="auto")` of floats in numpy 2.4: the larger one of Sturges (1926) and of
--- Freedman and Diaconis (1981), whose bins are not narrower than half of those of the square root rule.
---@param sorted number[]
---@param range number
---@return integer
local function automatic(sorted, range)
  local n = #sorted
  if range <= 0 or range == math.huge then return range == 0 and 1 or 10 end
  local function quantile(share)
    local place = share * (n - 1)
    local below = math.floor(place)
    local low = sorted[below + 1] --[[@as number]]
    return low + ((sorted[below + 2] or low) - low) * (place - below)
  end
  local sturges = range / (math.log(n, 2) + 1)
  local freedman = 2 * (quantile(0.75) - quantile(0.25)) / n ^ (1 / 3)
  local width = math.min(math.max(freedman, range / n ^ 0.5 / 2), sturges)
  -- The width of a range of the smallest numbers is 0.
  return width > 0 and math.max(1, math.ceil(range / width)) or 1
end

--- The edges of equal bins between two numbers, and how many of some numbers are in each.
---@param values number[]
---@param low number
---@param high number
---@param bins integer
---@return number[], integer[]
local function counted(values, low, high, bins)
  if high - low <= math.abs(high) * 1e-15 then
    local half = math.max(0.5, math.abs(low) * 1e-9)
    low, high = low - half, high + half
  end
  -- Divided first, so that the difference of two large numbers does not overflow.
  local width = high / bins - low / bins
  local edges, counts = {}, {} ---@type number[], integer[]
  for i = 0, bins do edges[i + 1] = i == bins and high or low + i * width end
  for i = 1, bins do counts[i] = 0 end
  for _, value in ipairs(values) do
    local place = width > 0 and value / width - low / width or 0
    local bin = math.max(1, math.min(math.floor(place) + 1, bins))
    -- Rounding can put a value on the other side of an edge.
    if bin > 1 and value < edges[bin] then
      bin = bin - 1
    elseif bin < bins and value >= edges[bin + 1] then
      bin = bin + 1
    end
    counts[bin] = (counts[bin] or 0) + 1
  end
  return edges, counts
end

--- How many of some numbers are in each of some equal bins; the last bin has both of its ends.
---@param values any
---@param given compt.HistogramOptions?
---@return compt.Figure
function numbers.histogram(values, given)
  local call = "compt.figures.histogram"
  local o = arguments.options(call, given, layout.with_rules { { "bins", optional(arguments.whole(1)) } })
  local sorted, left_out = {}, 0 ---@type number[], integer
  for _, value in ipairs(flat(call, values)) do
    if is_finite(value) then sorted[#sorted + 1] = value else left_out = left_out + 1 end
  end
  table.sort(sorted)
  local edges, counts = {}, {} ---@type number[], integer[]
  local low, high = sorted[1], sorted[#sorted]
  if low and high then edges, counts = counted(sorted, low, high, o.bins or automatic(sorted, high - low)) end
  local notes = left_out > 0 and { ("%d of %d values are not finite"):format(left_out, left_out + #sorted) } or {}
  return figure(call, "", notes, { { kind = "histogram", x_label = "", y_label = "", edges = edges, counts = counts } }, o)
end

return numbers
