--- The option names of methods: `declared` for methods made by `declare`, and one list per method made by `define`.
---@type table<string, string[]>
local options = {
  declared = {
    "name", "compose", "sources", "length", "private_length", "encoder", "init", "router", "placement", "prefix",
    "alone", "lr", "warmup", "temperature", "top_k", "optimizer", "weight_decay",
  },
  --- Keys of every method.
  every = { "name", "build", "backbone", "alone", "prefix", "lr", "warmup", "optimizer", "weight_decay", "settings" },
  --- Additional keys of methods with `build`.
  with_build = { "init", "placement", "from", "temperature" },
  --- The parameter groups of declared methods.
  groups = { "router", "source", "private", "operator" },
}

return options
