section "Import and export of prompts"

class "compt.prompts" [[
Reads and writes trained prompts: `prompts.safetensors` of a run, NumPy `.npy` files, files of `torch.save`
(`prefix_embeddings.pt` of ATTEMPT and MPT), folders of `peft` 0.21.
]]

options "compt.LoadPromptsOptions" [[
- backbone?: compt.Backbone -- check that the prompts have its width and, if the file says it, were trained with its weights
- force?: boolean = false -- accept prompts that were trained with other weights
]]

fn "compt.prompts.load(path: compt.path|compt.folder, options?: compt.LoadPromptsOptions): compt.Prompts" [[
Reads prompts [m, d] from the folder of a run, a `.safetensors` or `.npy` file, a `torch.save` file (`.pt`, `.pth`,
`.bin`, `.ckpt`: a tensor, or dictionaries of tensors; no code in it is run), or a folder of `peft`.

To continue training a prompt, initialise with it: `init = { kind = "given", value = p.value }`, with
`encoder = "none"`, its `length`, and the `placement` it was trained with. `placement` is nil if the file does not
say it; prompts of ATTEMPT, MPT and `peft` stand before the input ("prepend").

Raises an error if the file is missing, damaged or of another kind, holds no prompt or numbers that are not finite, or
does not match the backbone.
> p = t:prompts():get("nli3")
> file = os.tmpname() .. ".safetensors"
> p:save(file)
> p = compt.prompts.load(file, { backbone = b, force = true }):get("nli3")
> m = compt.methods.pt { encoder = "none", length = p.length, init = { kind = "given", value = p.value } }
]]

fn "compt.prompts.import_peft(folder: compt.folder): compt.Prompts" [[
Reads a folder of `peft`: PROMPT_TUNING or P_TUNING (one prompt, named after the folder), or MULTITASK_PROMPT_TUNING
(by the names of its tasks if compt exported it, else "task0", "task1", ...). With `num_transformer_submodules` = 2, the first half of the rows is used, as `peft` does in
`generate`. Raises an error for adapters of other types, and for damaged folders.
> folder = os.tmpname() .. "_peft"
> t:prompts():export_peft(folder, { force = true })
> compt.prompts.import_peft(folder).names
]]

fn "compt.prompts.merge(parts: table): compt.Prompt" [[
The weighted sum of prompts [m, d], `{ { prompt, weight }, ... }`. Raises an error if the shapes or placements differ,
a weight is not finite, or the prompts were trained with different weights.
> compt.prompts.merge { { p, 0.3 }, { p, 0.7 } }
]]

class "compt.Prompts" [[
The prompts of a run or file; `#prompts` is their number. A field is nil if the file does not say it.
- names: string[] -- task names for composed prompts, then "source.0", "private.nli3" ...
- tasks: string[] -- names of the composed prompts
- method: string? -- the method they were trained with
- placement: string? -- "append" or "prepend": the placement they were trained with
- backbone: string? -- name of the backbone they were trained with
- scores: table<string, table<string, number>> -- test scores by task and metric, in percent
> t:prompts().names
]]

method "compt.Prompts:get(name: string): compt.Prompt" [[
A prompt by the name of its task (the composed prompt) or by its own name ("source.0", "private.nli3"). Raises an error
if there is no such prompt.
> t:prompts():get("source.0")
]]

options "compt.ExportOptions" [[
- force?: boolean = false -- also export prompts that were trained with placement "append"; `peft` places prompts before the input
- overwrite?: boolean = false -- replace an adapter that is already in the folder
]]

method "compt.Prompts:export_peft(folder: compt.folder, options?: compt.ExportOptions)" [[
Writes the composed prompts as one MULTITASK_PROMPT_TUNING folder of `peft`, with task ids in the order of `tasks`. The
values are exact. The folder has a model card, `README.md`, with tasks, scores and tags for the hub; one that somebody else
wrote is kept, with a note. Raises an error if there are no composed prompts, their shapes differ, they were trained with
placement "append" and `force` is false, or the folder has an adapter and `overwrite` is false.
> t:prompts():export_peft(folder, { force = true, overwrite = true })
]]

class "compt.Prompt" [[
A prompt.
- name: string -- its task, or "source.0" ...
- value: torch.Tensor -- [m, d]
- length: integer -- m, number of rows
- d_model: integer -- d, width
- placement: "append"|"prepend"|nil -- "append" or "prepend"; nil if unknown
- backbone: string? -- name of the backbone it was trained with; nil if unknown
> p.value
]]

options "compt.ExportPromptOptions: compt.ExportOptions" [[
- type?: "PROMPT_TUNING"|"P_TUNING" = "PROMPT_TUNING" -- `peft_type` of the folder; `peft` uses both in the same way
]]

method "compt.Prompt:export_peft(folder: compt.folder, options?: compt.ExportPromptOptions)" [[
Writes a folder of `peft` for `PeftModel.from_pretrained(model, folder)`, with a model card. Raises the errors of
`compt.Prompts:export_peft`.
> p:export_peft(folder, { force = true, overwrite = true, type = "P_TUNING" })
]]

method "compt.Prompt:save(path: compt.path)" [[
Writes a `.safetensors` file with this prompt [m, d] and its metadata. Raises an error if the file cannot be written.
> p:save(file)
]]
