--- The documentation table: one entry for each name a script or the prompt can use. `?name`, completion,
--- the editor's stubs and the manual in docs/ all come from it.
---
--- Each file is run with `section`, `fn`, `op` (a function of torch and a method of tensors), `method`,
--- `class`, `options` and `alias`. A text's lines beginning with `- ` are fields or values, those with
--- `~ ` other ways to call, those with `> ` an example that is run by the tests.
return {
  "compt", "prompts", "methods", "training", "exchange", "control", "runs", "report", "torch/types", "torch/math", "torch/shape",
}
