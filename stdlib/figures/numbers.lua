--- Figures of any numbers: lines, points, histograms.
local arguments = require "compt.arguments"
local figure = require "compt.figures.figure"

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

local plain_options = {
  { "title", name, "" }, { "x_label", name, "" }, { "y_label", name, "" },
}

---@param more table[]
local function with_labels(more) return table.move(plain_options, 1, #plain_options, #more + 1, more) end

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
  local o = arguments.options(call, given, with_labels {
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
  return figure(o.title, without(left_out, of), {
    { kind = "lines", x_label = o.x_label, y_label = o.y_label, y_log = o.log, series = series },
  })
end

--- Points: numbers over others.
---@param x any
---@param y any
---@param given compt.ScatterOptions?
---@return compt.Figure
function numbers.scatter(x, y, given)
  local call = "compt.figures.scatter"
  local o = arguments.options(call, given, with_labels { { "by", optional(arguments.sequence) } })
  local xs, ys = flat(call, x), flat(call, y)
  local by = o.by
  if #xs ~= #ys or by and #by ~= #xs then
    error(("%s: %d x, %d y%s"):format(call, #xs, #ys, by and (" and %d in by"):format(#by) or ""), 2)
  end
  local series, known, left_out = {}, {}, 0
  for i, place in ipairs(xs) do
    local of = by and tostring(by[i]) or ""
    if not known[of] then
      known[of] = { name = of, x = {}, mean = {} }
      series[#series + 1] = known[of]
    end
    if is_finite(place) then
      table.insert(known[of].x, place)
      table.insert(known[of].mean, ys[i])
    else
      left_out = left_out + 1
    end
  end
  return figure(o.title, without(left_out, #xs), {
    { kind = "lines", scatter = true, x_label = o.x_label, y_label = o.y_label, series = series },
  })
end

--- The number of bins of `numpy.histogram_bin_edges(bins="auto")`: the larger one of Sturges (1926) and of Freedman and
--- Diaconis (1981).
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
  local width = freedman > 0 and math.min(freedman, sturges) or sturges
  return math.max(1, math.min(math.ceil(range / width), 200))
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
  local o = arguments.options(call, given, with_labels { { "bins", optional(arguments.whole(1)) } })
  local sorted, left_out = {}, 0 ---@type number[], integer
  for _, value in ipairs(flat(call, values)) do
    if is_finite(value) then sorted[#sorted + 1] = value else left_out = left_out + 1 end
  end
  table.sort(sorted)
  local edges, counts = {}, {} ---@type number[], integer[]
  local low, high = sorted[1], sorted[#sorted]
  if low and high then edges, counts = counted(sorted, low, high, o.bins or automatic(sorted, high - low)) end
  local notes = left_out > 0 and { ("%d of %d values are not finite"):format(left_out, left_out + #sorted) } or {}
  return figure(o.title, notes, {
    { kind = "bars", x_label = o.x_label, y_label = o.y_label, edges = edges, counts = counts },
  })
end

return numbers
