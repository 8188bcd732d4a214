--- The option names of methods: `declared` for methods made by `declare`, and one list per method made by `define`.
---@type table<string, string[]>
local options = {
  declared = {
    "name", "compose", "sources", "length", "private_length", "encoder", "init", "router", "placement", "prefix",
    "alone", "lr", "warmup", "temperature", "top_k", "optimizer", "weight_decay",
  },
  --- The parameter groups of declared methods.
  groups = { "router", "source", "private", "operator" },
}

return options
