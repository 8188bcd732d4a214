--- Makes declared methods: plain tables for `compt.trainer`.
---
--- A method declares its prompts, their composition, and its published settings; options of the user override them.
--- Fields of a declared method:
---   name         name in records and tables
---   compose      "sum" | "product" | "concat" | "private", a name defined with compt.compose.define,
---                a function(private [B,m',d], sources [S,m,d], weights [B,S]) -> [B,m'',d], or a table
---                { parameters, compose } as for compt.compose.define
---   sources      S, the number of shared source prompts
---   length       m, rows of a source prompt
---   private_length  rows of a private prompt; by default m (S * m for "concat")
---   encoder      "mlp" | "lstm" | "none" | { kind, activation = "gelu"|"relu"|"silu", residual }
---   init         "uniform" | "vocabulary" | { kind, bound = 0.5 } and more (compt.InitOptions)
---   router       "relaxed_bernoulli" | "free" | "constant" | { kind, train, eval, per }
---   placement    "append" (before </s>) | "prepend"
---   prefix       true: inputs begin with the prefixes of their tasks
---   alone        true: each task is trained separately, one after the other
---   lr, warmup, temperature  the schedule, which a control can replace
local arguments = require "compt.arguments"
local check = require "compt.methods.check"
local library = require "compt.library"

local options = require("compt.methods.options").declared

--- ComPT's settings (Table 9 of the paper and its published code).
local published = {
  encoder = "mlp",
  init = "uniform",
  router = "relaxed_bernoulli",
  placement = "append",
  alone = false,
  lr = { router = 0.1, source = 0.05, private = 0.02 },
  warmup = 0.2,
  temperature = { 5, 1e-3 },
  optimizer = "adamw",
  weight_decay = 0.01,
}

--- The groups of `lr`. The default rate of `operator` is that of `private`.
local groups = require("compt.methods.options").groups

local function table_of(value, place)
  if type(value) ~= "table" then
    error(("%s: expected a table, got %s"):format(place, arguments.a_kind(value)), 3)
  end
  return value
end

--- A value of its own for each method, whose tables a script can change.
local function copied(value)
  if type(value) ~= "table" or getmetatable(value) then return value end
  local copy = {}
  for key, part in pairs(value) do copy[key] = copied(part) end
  return copy
end

--- Makes `compt.methods.<name>`: a function of options that returns the declared method.
return function(name, defaults)
  return function(given, ...)
    arguments.no_more("compt.methods." .. name, 1, ...)
    given = table_of(given or {}, "compt.methods." .. name)
    local method = { name = name }
    for _, layer in ipairs { published, defaults } do
      for key, value in pairs(layer) do method[key] = copied(value) end
    end
    for key, value in pairs(given) do
      library.known("option", key, options, "compt.methods." .. name)
      method[key] = value
    end
    if given.lr then
      local place = "compt.methods." .. name .. ": lr"
      method.lr = copied(defaults.lr or published.lr)
      for group, rate in pairs(table_of(given.lr, place)) do
        library.known("parameter group", group, groups, place)
        method.lr[group] = rate
      end
    end
    table_of(method.temperature, "compt.methods." .. name .. ": temperature")
    check.remember(name, method, given.lr)
    return method
  end
end
