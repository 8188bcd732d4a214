--- The fields a declared method may hold.
return {
  "name", "compose", "sources", "length", "private_length", "encoder", "init", "router", "placement",
  "alone", "lr", "warmup", "temperature", "optimizer", "weight_decay",
}
