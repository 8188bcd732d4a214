section "Prompts of others"

class "compt.prompts" [[
Prompts from files, and for them: a run's `prompts.safetensors`, NumPy's `.npy`, files of `torch.save`
(`prefix_embeddings.pt` of ATTEMPT and MPT), folders of `peft`.
]]

options "compt.LoadPromptsOptions" [[
- backbone?: compt.Backbone -- the prompts must fit it: its width and, where the file says them, its weights
- force?: boolean = false -- of a backbone with other weights, too
]]

fn "compt.prompts.load(path: compt.path|compt.folder, options?: compt.LoadPromptsOptions): compt.Prompts" [[
Reads prompts: the folder of a run, a `.safetensors`, `.npy` or `torch.save` (`.pt`, `.pth`, `.bin`, `.ckpt`: a
tensor, or dictionaries of them) file, a folder of `peft`. To train on with
one, start from it: `init = { kind = "given", value = p.value }`, with `encoder = "none"`, its `length`
and the `placement` it was trained with (nil where the file does not say it: those of ATTEMPT and MPT are
before the input, "prepend").
> p = t:prompts():get("nli3")
> file = os.tmpname() .. ".safetensors"
> p:save(file)
> p = compt.prompts.load(file, { backbone = b, force = true }):get("nli3")
> m = compt.methods.pt { encoder = "none", length = p.length, init = { kind = "given", value = p.value } }
]]

fn "compt.prompts.import_peft(folder: compt.folder): compt.Prompts" [[
Reads a folder of `peft`: PROMPT_TUNING, P_TUNING (one prompt, called as the folder) or
MULTITASK_PROMPT_TUNING ("task0", "task1", ...).
> folder = os.tmpname() .. "_peft"
> t:prompts():export_peft(folder, { force = true })
> compt.prompts.import_peft(folder).names
]]

fn "compt.prompts.merge(parts: table): compt.Prompt" [[
The weighted sum of prompts of one shape, `{ { prompt, weight }, ... }`.
> compt.prompts.merge { { p, 0.3 }, { p, 0.7 } }
]]

class "compt.Prompts" [[
Prompts of one run or file; `#prompts` is how many. What the file does not say is nil.
- names: string[] -- tasks for composed prompts, then "source.0", "private.nli3" ...
- tasks: string[] -- the names of the composed prompts
- method: string?
- placement: string? -- "append" or "prepend": where they stood in training
- backbone: string? -- the name of the one they were trained with
- scores: table<string, table<string, number>> -- task, metric: on the test rows, in percent
> t:prompts().names
]]

method "compt.Prompts:get(name: string): compt.Prompt" [[
A prompt by its task (the composed one), or by its name: "source.0", "private.nli3".
> t:prompts():get("source.0")
]]

options "compt.ExportOptions" [[
- force?: boolean = false -- prompts that were trained behind the input, too: `peft` puts them before it
- overwrite?: boolean = false -- in the place of an adapter that is there
]]

method "compt.Prompts:export_peft(folder: compt.folder, options?: compt.ExportOptions)" [[
Writes the composed prompts as one MULTITASK_PROMPT_TUNING folder of `peft`, task ids in the order of
`tasks`; each is there exactly.
> t:prompts():export_peft(folder, { force = true, overwrite = true })
]]

class "compt.Prompt" [[
One prompt.
- name: string -- its task, or "source.0" ...
- value: torch.Tensor -- [m, d]
- length: integer -- m
- d_model: integer -- d
- placement: string? -- "append" or "prepend"
- backbone: string? -- the name of the one it was trained with
> p.value
]]

options "compt.ExportPromptOptions: compt.ExportOptions" [[
- type?: "PROMPT_TUNING"|"P_TUNING" = "PROMPT_TUNING" -- what `peft` takes it for; both use it alike
]]

method "compt.Prompt:export_peft(folder: compt.folder, options?: compt.ExportPromptOptions)" [[
Writes a folder of `peft`, which `PeftModel.from_pretrained(model, folder)` reads.
> p:export_peft(folder, { force = true, overwrite = true, type = "P_TUNING" })
]]

method "compt.Prompt:save(path: compt.path)" [[
Writes a `.safetensors` file with this prompt and what is known of it.
> p:save(file)
]]
