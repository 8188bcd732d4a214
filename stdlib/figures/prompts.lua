--- A map of prompts: their first two principal components.
local arguments = require "compt.arguments"
local figure = require "compt.figures.figure"
local layout = require "compt.figures.layout"
local torch = require "compt.torch"

local CALL = "compt.figures.prompts"

--- Prompts by name as the rows of a matrix.
---@param given table<string, any>
---@param pool boolean
---@return string[], torch.Tensor
local function read(given, pool)
  local names, rows, size = {}, {}, nil ---@type string[], torch.Tensor[], integer?
  for key, prompt in sorted_pairs(given) do
    if type(prompt) ~= "userdata" then
      error(("%s: '%s' must be a tensor [m, d] or [d], got %s"):format(CALL, tostring(key), arguments.show(prompt)), 3)
    end
    local flat = prompt:detach():cpu():double() --[[@as torch.Tensor]]
    flat = pool and #flat.shape > 1 and flat:mean(1) or flat:flatten()
    local count = flat.shape[1]
    size = size or count
    if count ~= size then
      error(("%s: '%s' has %d numbers, and '%s' %d; pool = true compares prompts of different lengths"):format(
        CALL, names[1], size, tostring(key), count), 3)
    end
    if not flat:isfinite():all():item() then error(("%s: '%s' has numbers that are not finite"):format(CALL, tostring(key)), 3) end
    names[#names + 1], rows[#rows + 1] = tostring(key), flat
  end
  if #names < 3 then error(("%s: a map needs 3 prompts or more, got %d"):format(CALL, #names), 3) end
  if size < 2 then error(("%s: a map needs prompts of 2 numbers or more"):format(CALL), 3) end
  return names, torch.stack(rows)
end

--- The first two principal components of rows, and their shares of the variance, as `sklearn.decomposition.PCA`; the largest
--- number of a component's direction is positive.
---@param rows torch.Tensor -- [n, d]
---@return number[][], number, number
local function principal(rows)
  local u, s, v = torch.linalg.svd(rows - rows:mean(1, true), false)
  local all = (s * s):sum():item()
  local places, shares = {}, {}
  for k = 1, 2 do
    local direction, far = v[k]:tolist() --[[@as number[] ]], 0.0
    for _, part in ipairs(direction) do
      if math.abs(part) > math.abs(far) then far = part end
    end
    local sign = far < 0 and -1 or 1
    shares[k] = all > 0 and s[k]:item() ^ 2 / all or 0
    for i, value in ipairs((u:select(2, k) * s[k] * sign):tolist()) do
      places[i] = places[i] or {}
      places[i][k] = value
    end
  end
  return places, shares[1] or 0, shares[2] or 0
end

--- Prompts as points: the first two principal components of their numbers, each with its name.
---@param prompts table<string, torch.Tensor>
---@param given compt.PromptsOptions?
---@return compt.Figure
return function(prompts, given)
  local o = arguments.options(CALL, given, layout.with_rules {
    { "groups", arguments.optional(arguments.plain_table) }, { "pool", arguments.flag, false }, { "labels", arguments.flag, true },
  })
  arguments.check(CALL, "prompts", prompts, arguments.plain_table, 3)
  local names, rows = read(prompts, o.pool)
  local places, first, second = principal(rows)
  local series, known = {}, {} ---@type table[], table<string, table?>
  for i, name in ipairs(names) do
    local group = o.groups and tostring(o.groups[name] or "-") or ""
    local one, place = known[group], places[i] --[[@as number[] ]]
    if not one then
      one = { name = group, x = {}, mean = {}, labels = {}, form = "points" }
      known[group], series[#series + 1] = one, one
    end
    table.insert(one.x, place[1])
    table.insert(one.mean, place[2])
    table.insert(one.labels, o.labels and name or "")
  end
  local note = ("principal components of %d %s, without scaling"):format(#names, o.pool and "means over the tokens of prompts" or "prompts")
  return figure(CALL, "Prompts", { note }, {
    {
      kind = "lines", title = "", scatter = true, series = series,
      x_label = ("component 1 (%.0f %% of the variance)"):format(100 * first),
      y_label = ("component 2 (%.0f %%)"):format(100 * second),
    },
  }, o)
end
