--- Makes methods that are built from functions: tables for `compt.trainer` whose `build(setup)` declares parameters and
--- returns a `compt.Plan`.
---
--- `defaults` are the options of the method besides those that every method has; options of the user override them.
local arguments = require "compt.arguments"
local check = require "compt.methods.check"
local library = require "compt.library"
local options = require "compt.methods.options"

local general = { lr = {}, warmup = 0.1, optimizer = "adamw", weight_decay = 0.01 }

--- Makes `compt.methods.<name>`.
return function(name, defaults, build)
  local known = {}
  for key in pairs(general) do known[#known + 1] = key end
  for key in pairs(defaults) do
    if general[key] == nil then known[#known + 1] = key end
  end
  known[#known + 1] = "prefix"
  options[name] = known
  return function(given, ...)
    arguments.no_more("compt.methods." .. name, 1, ...)
    if given ~= nil and type(given) ~= "table" then
      error(("compt.methods.%s: expected a table of options, got %s"):format(name, arguments.a_kind(given)), 2)
    end
    local method = { name = name }
    for _, layer in ipairs { general, defaults } do
      for key, value in pairs(layer) do method[key] = value end
    end
    for key, value in pairs(given or {}) do
      library.known("option", key, known, "compt.methods." .. name)
      if type(method[key]) == "table" and type(value) ~= "table" then
        error(("compt.methods.%s: %s: expected a table, got %s"):format(name, key, arguments.a_kind(value)), 2)
      end
      method[key] = value
    end
    -- A new table: those of the user and of the library must not change.
    local rates = {}
    for _, layer in ipairs { defaults.lr or {}, method.lr } do
      for group, rate in pairs(layer) do rates[group] = rate end
    end
    method.lr = rates
    for group in pairs(method.lr) do
      local groups = {}
      for key in pairs(defaults.lr or {}) do groups[#groups + 1] = key end
      library.known("parameter group", group, groups, "compt.methods." .. name .. ": lr")
    end
    if method.from == false then method.from = nil end
    if build then method.build = function(setup) return build(method, setup) end end
    check.remember(name, method, given and given.lr, known)
    return method
  end
end
