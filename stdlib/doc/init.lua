--- The documentation table: one entry for each name that a script or the prompt can use. It is the source of
--- `?name`, completion, the editor's stubs and docs/reference.md.
---
--- Each file is run with `section`, `fn`, `op` (a function of torch that is also a method of tensors), `method`,
--- `class`, `options` and `alias`. In a text, lines that begin with `- ` are fields or values, lines with `~ ` are
--- further call forms, and lines with `> ` are an example, which the tests run.
---
--- Parameters of functions of torch after `*` are given by name only; lines with `- name -- text` explain them, lines with `~ `
--- are further forms. They are compared with the tables of operations in src/lua/torch.
---
--- The kind of a field is that of a value: the text says when it is nil. A kind ends in `?` where right code must ask, as for
--- `view.loss` at the first step: an editor warns of every use that does not.
---
--- A text says what a function does, the shapes of tensors, when it raises an error, and the source of a formula.
return {
  "compt", "prompts", "methods", "custom_methods", "training", "optimizers", "samplers", "exchange", "control", "runs", "search", "report", "figures", "torch/types", "torch/math",
  "torch/linalg", "torch/loss", "torch/shape",
}
