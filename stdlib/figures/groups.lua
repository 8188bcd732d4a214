--- Groups of values as boxes, violins or points.
local about = require "compt.figures.about"
local arguments = require "compt.arguments"
local figure = require "compt.figures.figure"
local layout = require "compt.figures.layout"
local statistics = require "compt.statistics"

local EXPLAINED = {
  box = "box: quartiles and values within 1.5 interquartile ranges; diamond: mean",
  violin = "violin: kernel density (Scott's bandwidth); bar: quartiles; circle: median",
  strip = "points: values; line: mean",
}

--- Groups of values, with a one-way ANOVA of their means.
---@param given compt.BoxesOptions
---@return compt.Figure
return function(given)
  local call = "compt.figures.boxes"
  local o = arguments.options(call, given, layout.with_rules {
    { "groups", arguments.sequence }, { "form", arguments.one_of { "box", "violin", "strip" }, "box" },
    { "runs", arguments.optional(arguments.any) },
  })
  local groups, values, left_out, of = {}, {}, 0, 0
  for i, group in ipairs(o.groups) do
    if type(group) ~= "table" or type(group.name) ~= "string" or type(group.values) ~= "table" then
      error(("%s: group %d must be { name = TEXT, values = NUMBERS }, got %s"):format(call, i, arguments.show(group)), 2)
    end
    local finite = {}
    for _, value in ipairs(group.values) do
      if value == value and math.abs(value) < math.huge then finite[#finite + 1] = value end
    end
    groups[i], values[i] = { name = group.name, values = finite }, finite
    left_out, of = left_out + #group.values - #finite, of + #group.values
  end
  local f, p, between, within = statistics.anova(values)
  local note
  if not f then
    note = ("no ANOVA: %s; %s"):format(p, EXPLAINED[o.form])
  else
    local shown = p < 0.001 and "p < 0.001" or ("p = %.3f"):format(p)
    note = ("one-way ANOVA: F(%d, %d) = %.2f, %s; %s"):format(between, within, f, shown, EXPLAINED[o.form])
  end
  local notes = about.runs(o.runs)
  if left_out > 0 then notes[#notes + 1] = ("%d of %d values are not finite"):format(left_out, of) end
  return figure(call, "", notes, {
    { kind = "groups", title = "", y_label = "", form = o.form, groups = groups, note = note },
  }, o)
end
