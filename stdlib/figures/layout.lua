--- The options that all figures have: size, style, axes, names and order. They change a chart's description.
local arguments = require "compt.arguments"
local library = require "compt.library"

local layout = {}

--- Millimetres: a column and the text of a page of two columns (3.3 and 6.75 inches, as in ICML's style).
local WIDTHS = { column = 84, text = 171 }

--- The axes that a kind of panel has, and its labels.
local AXES = {
  lines = { x_label = true, y_label = true, x = true, y = true }, histogram = { x_label = true, y_label = true },
  bars = { x_label = true, y_label = true, y = true }, groups = { x_label = true, y_label = true, y = true }, heat = { x_label = true, y_label = true },
  forest = { x_label = true, x = true }, bands = { x_label = true }, ranks = {},
}

local function is_number(value) return type(value) == "number" and value == value and math.abs(value) < math.huge end

---@param text string
---@param is fun(value: any): boolean
local function optional(text, is) return { text = text, is = function(value) return value == nil or is(value) end } end

local width = optional('"column" (84 mm), "text" (171 mm) or a number of mm', function(value)
  return is_number(value) or WIDTHS[value] ~= nil
end)
local number = optional("a number", is_number)
local limits = optional("two numbers { low, high }", function(value)
  return type(value) == "table" and #value == 2 and is_number(value[1]) and is_number(value[2])
end)
local ticks = optional("a list of numbers", function(value)
  if type(value) ~= "table" then return false end
  for _, tick in ipairs(value) do
    if not is_number(tick) then return false end
  end
  return #value > 0
end)
local scale = optional('"linear" or "log"', function(value) return value == "linear" or value == "log" end)
local names = optional("a table of names { old = new }", function(value)
  if type(value) ~= "table" then return false end
  for _, new in pairs(value) do
    if type(new) ~= "string" then return false end
  end
  return true
end)
local text = optional("a text", function(value) return type(value) == "string" end)
local flag = optional("true or false", function(value) return type(value) == "boolean" end)

--- Rules of `arguments.options`.
layout.RULES = {
  { "title", text }, { "width", width }, { "height", number }, { "font_size", number }, { "font", text }, { "dpi", number },
  { "palette", arguments.any }, { "legend", arguments.optional(arguments.one_of { "below", "top", "right", "inside", "none" }) },
  { "share", arguments.optional(arguments.one_of { "none", "x", "y", "both" }) },
  { "names", names }, { "order", arguments.optional(arguments.names) }, { "notes", flag },
  { "x_label", text }, { "y_label", text }, { "x_limits", limits }, { "y_limits", limits }, { "x_scale", scale },
  { "y_scale", scale }, { "x_ticks", ticks }, { "y_ticks", ticks },
}

--- The rule of figures that can have several panels.
layout.COLUMNS = { "columns", arguments.optional(arguments.whole(1)) }

--- The rules of options of a figure that is made already.
---@type table[]
layout.CHANGES = { layout.COLUMNS, table.unpack(layout.RULES) }

--- The rules of a figure's own options, and those of all figures.
---@param own table[]
---@return table[]
function layout.with_rules(own)
  local rules, known = {}, {}
  for i, rule in ipairs(own) do rules[i], known[rule[1]] = rule, true end
  for _, rule in ipairs(layout.RULES) do
    if not known[rule[1]] then rules[#rules + 1] = rule end
  end
  return rules
end

---@param value any
local function copied(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, part in pairs(value) do copy[key] = copied(part) end
  return copy
end

--- Sets what is given of an axis.
---@param panel table
---@param axis "x"|"y"
---@param o table<string, any>
local function set_axis(panel, axis, o)
  local key, given = axis .. "_axis", panel[axis .. "_axis"] or {}
  if o[axis .. "_limits"] then given.limits = o[axis .. "_limits"] end
  if o[axis .. "_ticks"] then given.ticks = o[axis .. "_ticks"] end
  if o[axis .. "_scale"] then given.log = o[axis .. "_scale"] == "log" end
  if next(given) ~= nil then panel[key] = given end
end

--- Sets the labels and axes of the panels that have them. Raises an error if none has.
---@param panels table[]
---@param o table<string, any>
---@param call string
local function set_axes(panels, o, call)
  for _, axis in ipairs { "x", "y" } do
    local label, wanted = axis .. "_label", nil ---@type string, string?
    for _, option in ipairs { "_limits", "_ticks", "_scale" } do
      if o[axis .. option] ~= nil then wanted = axis .. option end
    end
    local labelled, placed = o[label] == nil, wanted == nil
    for _, panel in ipairs(panels) do
      local has = AXES[panel.kind] or {}
      if o[label] ~= nil and has[label] then panel[label], labelled = o[label], true end
      if wanted and has[axis] then
        set_axis(panel, axis, o)
        placed = true
      end
    end
    local kind = panels[1] and panels[1].kind or "empty"
    if not labelled then error(("%s: a figure of kind '%s' has no %s"):format(call, kind, label), 3) end
    if not placed then error(("%s: a figure of kind '%s' has no axis for %s"):format(call, kind, wanted), 3) end
  end
end

---@param list string[]
---@param wanted string
local function has(list, wanted)
  for _, one in ipairs(list) do
    if one == wanted then return true end
  end
  return false
end

--- A note if a logarithmic axis was asked for and a value is not positive; nil otherwise.
---@param panels table[]
---@return string?
local function not_logarithmic(panels)
  for _, panel in ipairs(panels) do
    for axis, key in pairs { x_axis = "x", y_axis = "mean" } do
      for _, series in ipairs(panel[axis] and panel[axis].log and panel.series or {}) do
        for _, value in ipairs(series.like and {} or series[key]) do
          if value and value <= 0 then
            return ("the %s axis is linear: a value is not positive"):format(axis:sub(1, 1))
          end
        end
      end
    end
  end
end

--- The new name of a line, a row or a group: that of the whole, or of each part of `ssum, shots 8`; `8` stands for `shots 8`.
---@param new table<any, string>
---@param name string
local function renamed(new, name)
  local known = {} ---@type table<string, string>
  for old, to in pairs(new) do known[tostring(old)] = to end
  local whole = known[name] --[[@as string?]]
  if whole then return whole end
  local parts = {}
  for part in (name .. ", "):gmatch "(.-), " do
    parts[#parts + 1] = known[part] or known[part:match "^%S+ (%-?[%d.]+)$" or ""] or part
  end
  return table.concat(parts, ", ")
end

--- The places of some names in a wanted order: those first that it lists.
---@param list string[]
---@param order string[]
---@param met table<string, true?>
---@param old table<string, string> -- the names before they were renamed
---@return integer[]
local function places(list, order, met, old)
  local found, taken = {}, {}
  local function is(name, wanted) return name == wanted or name:match "^(.-), " == wanted end
  for _, wanted in ipairs(order) do
    for i, name in ipairs(list) do
      if not taken[i] and (is(name, wanted) or is(old[name] or name, wanted)) then
        found[#found + 1], taken[i], met[wanted] = i, true, true
      end
    end
  end
  for i = 1, #list do
    if not taken[i] then found[#found + 1] = i end
  end
  return found
end

---@param list any[]
---@param at integer[]
local function picked(list, at)
  local out = {}
  for i, place in ipairs(at) do out[i] = list[place] end
  return out
end

--- The lists of a panel that have names: the names, a setter of names, and a way to put them in an order.
---@param panel table
---@return { names: string[], rename: fun(i: integer, name: string), sort: (fun(at: integer[]))? }[]
local function named_lists(panel)
  local found = {}
  local function of(list)
    local names_of = {}
    for i, one in ipairs(list) do names_of[i] = one.name or "" end
    return names_of
  end
  for _, key in ipairs { "series", "groups" } do
    local list = panel[key]
    if list then
      found[#found + 1] = {
        names = of(list), rename = function(i, name) list[i].name = name end,
        sort = function(at)
          local new = {} -- old place -> new place
          for i, place in ipairs(at) do new[place] = i end
          local sorted = picked(list, at)
          for i, one in ipairs(sorted) do
            list[i] = one
            if one.like then one.like = new[one.like] end
          end
        end,
      }
    end
  end
  if panel.kind == "forest" then
    local list = panel.rows
    found[#found + 1] = {
      names = of(list), rename = function(i, name) list[i].name = name end,
      sort = function(at) panel.rows = picked(list, at) end,
    }
    found[#found + 1] = { names = { panel.baseline }, rename = function(_, name) panel.baseline = name end }
  elseif panel.kind == "heat" then
    found[#found + 1] = {
      names = panel.rows, rename = function(i, name) panel.rows[i] = name end,
      sort = function(at) panel.rows, panel.values = picked(panel.rows, at), picked(panel.values, at) end,
    }
    found[#found + 1] = {
      names = panel.columns, rename = function(i, name) panel.columns[i] = name end,
      sort = function(at)
        panel.columns = picked(panel.columns, at)
        for i, row in ipairs(panel.values) do panel.values[i] = picked(row, at) end
      end,
    }
  elseif panel.kind == "bars" then
    found[#found + 1] = {
      names = panel.names, rename = function(i, name) panel.names[i] = name end,
      sort = function(at)
        panel.names = picked(panel.names, at)
        for _, series in ipairs(panel.series) do
          for _, key in ipairs { "mean", "low", "high" } do series[key] = series[key] and picked(series[key], at) end
        end
      end,
    }
  elseif panel.kind == "ranks" then
    found[#found + 1] = {
      names = panel.names, rename = function(i, name) panel.names[i] = name end,
    }
  end
  return found
end

--- Renames and sorts lines, rows and groups. What `order` names and the figure has not is told. `names` may serve several
--- figures.
---@param panels table[]
---@param o table<string, any>
---@param call string
---@param old table<string, string> -- the names before they were renamed
local function set_names(panels, o, call, old)
  local met, all = {}, {}
  for _, panel in ipairs(panels) do
    if o.order then
      for _, list in ipairs(named_lists(panel)) do
        if list.sort then
          for _, name in ipairs(list.names) do all[name] = true end
          list.sort(places(list.names, o.order, met, old))
        end
      end
    end
    for _, list in ipairs(named_lists(panel)) do
      for i, name in ipairs(list.names) do
        all[name] = all[name] or not list.sort and panel.kind == "forest" or nil
        local was = old[name] or name
        local new = o.names and renamed(o.names, was) or name
        if new ~= name then
          old[new] = was
          list.rename(i, new)
        end
      end
    end
  end
  local known = {}
  for name in sorted_pairs(all) do known[#known + 1] = name end
  local unmet = {}
  for _, wanted in ipairs(o.order or {}) do
    if not met[wanted] and not all[wanted] then unmet[#unmet + 1] = wanted end
  end
  if o.order and #known == 0 then
    library.note(("note: %s: a figure of kind '%s' has its own order"):format(call, panels[1] and panels[1].kind or "empty"))
  elseif #unmet > 0 then
    library.note(("note: %s: the figure has no %s, which order names"):format(call, table.concat(unmet, ", ")))
  end
end

--- A copy of a chart's description with these options; what is not given stays.
---@param chart table<string, any>
---@param o table<string, any>
---@param call string
---@param old table<string, string> -- filled with the names before they are renamed
---@return table<string, any>
function layout.applied(chart, o, call, old)
  local new = copied(chart)
  local look = new.layout or {}
  for _, key in ipairs { "height", "font_size", "font", "dpi", "palette", "legend", "share" } do
    if o[key] ~= nil then look[key] = copied(o[key]) end
  end
  if o.width ~= nil then look.width = WIDTHS[o.width] or o.width end
  if next(look) ~= nil then new.layout = look end
  if o.title ~= nil then new.title = o.title end
  -- A heat map has a list of columns.
  if type(o.columns) == "number" then new.columns = o.columns end
  if o.notes == false then
    new.notes = {}
    for _, panel in ipairs(new.panels) do panel.note = nil end
  end
  set_axes(new.panels, o, call)
  local told = not_logarithmic(new.panels)
  if told and o.notes ~= false and not has(new.notes, told) then new.notes[#new.notes + 1] = told end
  if o.names or o.order then set_names(new.panels, o, call, old) end
  return new
end

return layout
