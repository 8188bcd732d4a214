--- The options of each method, by its name, of those that `define` makes; and those of every method that
--- `declare` makes.
---@type table<string, string[]>
local options = {
  declared = {
    "name", "compose", "sources", "length", "private_length", "encoder", "init", "router", "placement",
    "alone", "lr", "warmup", "temperature", "top_k", "optimizer", "weight_decay",
  },
  --- The parameter groups of these.
  groups = { "router", "source", "private", "operator" },
}

return options
