section "The runtime"

class "compt" [[
The runtime: `local compt = require "compt"`. A global at the prompt and in `compt -e`.

- args: table<string, any> -- the values of `--set key=value`: `true` and `false` in any case, numbers (that print back as they were typed, or in scientific notation: `16`, `0.5`, `1e-3`), else text; quotes force text
- out: string? -- the folder of `--out`; nil without it
- seed: integer -- of `--seed`; 0 without it
- methods: compt.methods -- the methods of the library
- compose: compt.compose -- the composition operators
- prompts: compt.prompts -- prompts from files, and for them
- router: compt.router -- the kinds of router
- schedule: compt.schedule -- values that depend on the step
- curriculum: compt.curriculum -- how often each task is drawn
- report: compt.report -- tables of results
- figures: compt.figures -- curves, lines, heat maps and box plots of runs
- statistics: compt.statistics -- means, deviations and paired tests
> compt.seed
]]

alias "compt.path" "string" [[
A file's path.
]]

alias "compt.folder" "string" [[
A folder's path.
]]

fn "sorted_pairs(t: table): function" [[
Like `pairs`, in the same order every time: numbers, strings, booleans.
> for name, value in sorted_pairs { b = 1, a = 2 } do print(name, value) end
]]

section "Backbone"

options "compt.BackboneOptions" [[
- dtype?: "auto"|"float32"|"bfloat16" = "auto" -- of the weights; "auto": bfloat16 where the machine multiplies it fast and the model is wide enough to gain
- device?: torch.device -- where it computes; by default what `--device` says
- tokenizer?: compt.Tokenizer -- in place of the folder's own
- trainable?: boolean = false -- random weights that are trained (only with a table of configuration)
- seed?: integer -- of random weights
]]

fn "compt.backbone(name: \"micro\"|compt.folder|string|table, options?: compt.BackboneOptions): compt.Backbone" [[
A frozen T5, mT5 or umT5 (T5 v1.0, v1.1, LM-adapted, flan, T0, UL2, ByT5, CodeT5, MADLAD-400; mT0): "micro",
the one that comes with compt; a folder with `config.json`, `model.safetensors` or `pytorch_model.bin` (or
shards) and `tokenizer.json` or `spiece.model`, as transformers 4 and 5 write it (`model_type` decides, other
models are refused); such a model of the hub, from its cache or downloaded into it ("google-t5/t5-base", "t5-base",
"org/name@revision"); or a table of T5 configuration for random weights.
> b = compt.backbone("micro", { dtype = "float32", device = "cpu" })
> compt.backbone({ d_model = 16, d_kv = 8, d_ff = 32, num_layers = 1, num_heads = 2, vocab_size = 50 }, { trainable = true, seed = 1 })
]]

class "compt.Backbone" [[
A T5 encoder-decoder whose weights stay as they are.
- name: string -- "micro", the folder, or the model of the hub
- config: table -- T5's configuration by its usual names
- d_model: integer -- width of the embeddings
- vocab_size: integer -- number of ids
- dtype: string -- of the weights
- device: string -- where it computes
- tokenizer: compt.Tokenizer? -- nil where the folder has none
> b.config.num_layers
]]

options "compt.InputOptions" [[
- input_ids?: torch.Data -- token ids [B, L], a tensor or rows of unlike length
- inputs_embeds?: torch.Tensor -- embeddings [B, L, d], in place of ids: where prompts go in
- text?: string|string[] -- texts to be tokenized, in place of ids
- attention_mask?: torch.Data -- [B, L], 1 where there is a token; by default what rows of unlike length need
]]

options "compt.ForwardOptions: compt.InputOptions" [[
- labels?: torch.Data -- target ids [B, T]; -100 does not count
- decoder_input_ids?: torch.Data -- what the decoder reads [B, T]; by default the labels moved right
- dropout?: number = 0 -- of the backbone, in [0, 1)
]]

class "compt.Forward" [[
- loss: torch.Tensor? -- mean over the labels that count; nil without labels
- logits: torch.Tensor -- [B, T, vocab_size]
]]

options "compt.GenerateOptions: compt.InputOptions" [[
- max_new_tokens?: integer = 20 -- ids a row at most
- num_beams?: integer = 1 -- 1: greedy
- length_penalty?: number = 1 -- exponent of the length in a beam's score
- early_stopping?: boolean = false -- stop as soon as `num_beams` texts are whole
]]

class "compt.Generated" [[
- ids: integer[][] -- a list a row, without start token and padding
- text: string[]? -- the same as text; nil without a tokenizer
]]

method "compt.Backbone:embed(ids: torch.Data): torch.Tensor" [[
The embeddings of ids, [B, L] to [B, L, d].
> b:embed({ { 5, 6, 1 } }).shape
]]

method "compt.Backbone:encode(options: compt.InputOptions): torch.Tensor" [[
The encoder's last states, [B, L, d].
> b:encode({ text = "who has a dog ?" }).shape
> b:encode({ inputs_embeds = torch.zeros(1, 3, b.d_model), attention_mask = { { 1, 1, 0 } } }).shape
> b:encode({ input_ids = { { 5, 1 } } }).shape
]]

method "compt.Backbone:forward(options: compt.ForwardOptions): compt.Forward" [[
Encoder and decoder. Gradients reach `inputs_embeds`.
> b:forward({ text = "who has a dog ?", labels = { { 5, 1 } }, dropout = 0 }).loss
]]

method "compt.Backbone:generate(options: compt.GenerateOptions): compt.Generated" [[
Decodes text, greedily or by beam search.
> b:generate({ text = { "who has a dog ?" }, max_new_tokens = 4, num_beams = 2 }).text
]]

method "compt.Backbone:parameters(): table<string, torch.Tensor>" [[
The weights by their names in a checkpoint; of a frozen backbone none, for its weights are rearranged.
> compt.backbone({ d_model = 16, d_kv = 8, d_ff = 32, num_layers = 1, num_heads = 2, vocab_size = 50 }, { trainable = true }):parameters()
]]

method "compt.Backbone:save(folder: compt.folder)" [[
Writes `config.json`, `model.safetensors` and the tokenizer as a checkpoint.
]]

fn "compt.tokenizer(folder: compt.folder): compt.Tokenizer" [[
A tokenizer alone: `tokenizer.json`, or `spiece.model` where only that is there, with the tokens that
`added_tokens.json` and `tokenizer_config.json` add; ByT5's bytes where `tokenizer_config.json` names its class.
]]

class "compt.Tokenizer" [[
T5's word pieces, or ByT5's bytes.
- vocab_size: integer -- number of pieces
- pad_id: integer -- id of the padding
- eos_id: integer -- id of `</s>`
> b.tokenizer.vocab_size
]]

method "compt.Tokenizer:encode(text: string): integer[]" [[
The ids of a text, with the closing `</s>`.
> b.tokenizer:encode "who has a dog ?"
]]

method "compt.Tokenizer:encode_batch(texts: string[]): integer[][]" [[
The ids of several texts.
> b.tokenizer:encode_batch { "who has a dog ?", "bob" }
]]

method "compt.Tokenizer:decode(ids: integer[]): string" [[
The text of ids, without special tokens.
> b.tokenizer:decode { 5, 6, 1 }
]]

method "compt.Tokenizer:id_of(piece: string): integer?" [[
The id of a word piece, nil where there is none.
> b.tokenizer:id_of "</s>"
]]

section "Tasks"

options "compt.TasksOptions" [[
- data?: compt.folder -- where the tasks' files are; for definitions of one's own, by default the script's folder (of what is typed, the current one)
- tasks?: string[] -- which of them, in this order; by default all
- shots?: integer -- training rows to keep; by default all
- per?: "task"|"class" = "task" -- what `shots` counts by
- seed?: integer = 0 -- of every draw of rows
- validation_size?: integer -- training rows held out where there are no validation rows; by default 1,000 of files and 0 of rows given, never more than half
- max_test?: integer -- test rows to keep; by default all
- stsb_rounding?: number -- the step of number labels, in place of their task's own
- missing?: compt.Missing -- for every task, in place of its own
- tokenizer?: compt.Tokenizer -- of a backbone (`b.tokenizer`): the lengths of the inputs are counted and printed, too
- max_source_length?: integer = 256 -- what the trainer keeps of an input, for the share that is cut
]]

class "compt.TaskFiles" [[
Where the rows of each split are.
- train: compt.path|compt.path[]|table[] -- training rows: a .csv, .tsv, .jsonl or .json file (each also .gz), .parquet, a pattern ("part-*.jsonl"), files of the hub ("hf://datasets/org/name[@revision]/train-*.parquet"), or rows
- validation?: compt.path|compt.path[]|table[] -- validation rows
- test?: compt.path|compt.path[]|table[] -- test rows
]]

alias "compt.Missing" [[
What is done about a row without a label (null, NaN, an empty cell, -1 where that is no label) or without
text (null, NaN, an empty cell, a template that gives none), in files of every kind and in rows given.
- "error" -- the default: the row is named
- "skip" -- it is left out; how many were is told once and recorded with the run
]]

class "compt.TaskDefinition" [[
A task of one's own.
- fields?: string[] -- columns the model reads, as "name: value ..."; this or `template`
- template?: string|fun(row: table): string -- text with `{column}` in it, or a function of the row
- prefix?: string -- written before the text
- labels: string[]|"number" -- label words by class id, or numbers as text. Words are compared as a tokenizer sees them: white space, forms of characters (NFKC) and what nobody sees do not count; two that are the same are refused, here or, where they are the same tokens, by the trainer
- label_is?: "word"|"index" -- what the label of a row is where words are numbers (`labels = { "1", "2", "3" }`): a word, or the place of one from 0. By default a row may give either, where that is no question; 1, "1", "1.0" and 1.0 are one label in every format, `true` (in any case) is the word that says so or else place 1
- range?: number[] -- lowest and highest number (default 0 and 5)
- rounding?: number -- the step of numbers (default 0.2)
- label_names?: string[] -- what rows call the labels, where they call them otherwise; names that are numbers are names, not places
- class_names?: string[] -- what Parquet files of Hugging Face's datasets call the labels (the names of their `ClassLabel`), where that is neither `label_names` nor `labels`; names that fit none are refused
- missing?: compt.Missing = "error" -- for rows without a label or text
- metrics?: compt.Metric[] -- the main one first (default accuracy; pearson and spearman for numbers)
- columns?: table<string, string|integer> -- field (or `label`) to column, where a file's names differ; positions, counted from 1, say that tables have no header row: { text = 1, label = 2 }
- delimiter?: string -- what separates the cells of tables (default "," in .csv, "\t" in .tsv); with it a file of any other name is read as a table
- quotes?: boolean -- whether cells of tables may stand in double quotes (default true; false in .tsv)
- small?: boolean -- halve validation into validation and test
- files?: compt.TaskFiles -- where the rows are; this or `rows`
- hub?: compt.TaskFiles -- the same, used where no folder holds the files
- rows?: compt.TaskFiles -- the rows themselves
]]

alias "compt.Metric" [[
A score a task is judged by, in percent.
- "accuracy"
- "f1" -- the last label word is the positive class
- "matthews"
- "pearson"
- "spearman"
]]

alias "compt.Split" [[
A part of a task's rows.
- "train"
- "validation"
- "test"
]]

fn "compt.tasks(what: \"micro\"|\"glue\"|\"set2\"|string|string[]|table<string|integer, compt.TaskDefinition|string>, options?: compt.TasksOptions): compt.Tasks" [[
A set of tasks: "micro" (eight tasks of generated text that come with compt), "glue", "set2", one of
their tasks, definitions of one's own by name, or a list of such names, to which definitions may be added by
name. A task that is one of two sets is named with its set: "glue.qnli", "micro.qnli". `a + b` has the tasks of
both, each with its rows as they were drawn. Without `data` the rows of "glue" and "set2" are those of
the hub's repositories, from its cache or downloaded into it.
> tasks = compt.tasks("micro", { shots = 4, per = "task", seed = 1, max_test = 8 })
> compt.tasks({ "nli3", "micro.qnli" }, { shots = 2, max_test = 2 }) + compt.tasks("sentiment", { shots = 8, seed = 3 })
> compt.tasks({ mood = { fields = { "text" }, labels = { "bad", "good" }, rows = { train = { { text = "a", label = 0 }, { text = "b", label = 1 } }, validation = { { text = "b", label = 1 } }, test = { { text = "a", label = 0 } } } } })
]]

class "compt.Tasks" [[
Tasks with their rows, split and sampled. `#tasks` counts them.
- name: string -- "micro", "glue" ..., "custom", or several with "+" between them
- names: string[] -- the tasks, in order
- shots: integer? -- training rows kept, nil: all
- per: string? -- what shots count by
- seed: integer? -- of the draw; `shots`, `per` and `seed` are nil where tasks were added up that differ in it
- parts: compt.TasksPart[] -- the tasks by how their rows were drawn: one, or those that were added up
- lengths: table<string, compt.Lengths>? -- by task; nil where no `tokenizer` was given
- operator len: integer
- operator add(compt.Tasks): compt.Tasks
> tasks.names
]]

class "compt.TasksPart" [[
Tasks whose rows were drawn alike.
- name: string -- of the set
- names: string[] -- the tasks
- shots: integer? -- training rows kept, nil: all
- per: string -- what shots count by
- seed: integer -- of the draw
]]

class "compt.Lengths" [[
Tokens of a task's inputs, `</s>` counted, of all splits together.
- median: integer
- p95: integer -- 95 % are no longer
- longest: integer
- cut: number -- the share longer than `max_source_length`, from 0 to 1
]]

class "compt.Row" [[
- source: string -- what the model reads
- target: string -- what it should answer
]]

method "compt.Tasks:size(task: string|integer, split: compt.Split): integer" [[
The number of rows.
> tasks:size("nli3", "train")
]]

method "compt.Tasks:rows(task: string|integer, split: compt.Split): compt.Row[]" [[
The rows as text.
> tasks:rows("nli3", "train")[1]
]]

method "compt.Tasks:metrics(task: string|integer): string[]" [[
The names of a task's metrics, its main one first.
> tasks:metrics "nli3"
]]
