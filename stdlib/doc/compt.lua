section "The runtime"

class "compt" [[
The runtime: `local compt = require "compt"`. It is a global variable at the prompt and in `compt -e`. A field that
does not exist is an error that names the nearest one.

- args: table<string, any> -- values of `--set key=value`. `true` and `false` (case-insensitive) are booleans. A value is a number if formatting that number gives the same text (`16`, `0.5`) or if it is in scientific notation (`1e-3`). Every other value, and every value in quotes, is a string
- out: string? -- folder of `--out`; nil without it
- seed: integer -- value of `--seed`; 0 without it
- methods: compt.methods -- methods of the library
- compose: compt.compose -- composition operators
- metric: compt.metric -- metrics of the user, and scores of texts
- optimizer: compt.optimizer -- optimizers by hand, and optimizers of the user
- prompts: compt.prompts -- reading, writing and merging of trained prompts
- router: compt.router -- routers
- sampler: compt.sampler -- samplers over rows
- schedule: compt.schedule -- values that depend on the step
- curriculum: compt.curriculum -- task weights that depend on the step
- report: compt.report -- tables of results, and HTML pages
- figures: compt.figures -- line plots, curves, heat maps and box plots of runs
- statistics: compt.statistics -- mean, standard deviation, tests
> compt.seed
]]

alias "compt.path" "string" [[
The path of a file.
]]

alias "compt.folder" "string" [[
The path of a folder.
]]

alias "compt.run_folder" "string" [[
The path of the folder of a run, or of a folder that contains runs.
]]

alias "compt.task_name" "string" [[
The name of a task.
]]

fn "sorted_pairs(t: table): function" [[
Like `pairs`, but in a fixed order: numbers, then strings, then booleans, each sorted. Raises an error if `t` is not
a table or has a key of another type.
> for name, value in sorted_pairs { b = 1, a = 2 } do print(name, value) end
]]

alias "compt.Form" [[
The name of a form in which a notebook shows a value.
- "text"
- "html"
- "latex"
- "markdown"
- "json"
- "svg"
- "png" -- a picture of pixels
- "pdf"
]]

fn "display(value: any, form?: compt.Form)" [[
Shows a value before the script, the input or the cell ends. In a notebook (`compt kernel`) tables, trainers, banks,
routers, evaluations and tensors are shown as HTML, and figures as SVG, with their text beside; elsewhere the value is
printed as at the prompt. `form` shows that one only; it is an error if the value does not have it. Where there is no
notebook, text forms are printed, and others are replaced by the text, which is told once.

A value of one's own has forms if its metatable has `__mime`: a function of the value and of the name of the form (nil
for the usual ones), which returns a table of data by MIME type: `{ ["text/html"] = "<b>x</b>" }`.
> display(torch.ones(2, 3))
]]

section "Backbone"

options "compt.BackboneOptions" [[
- dtype?: "auto"|"float32"|"bfloat16" = "auto" -- dtype of the weights. "auto" is bfloat16 if the machine multiplies bfloat16 fast and the model is wide enough to benefit, else float32
- device?: torch.device -- device of the model; default: `--device`
- tokenizer?: compt.Tokenizer -- replaces the tokenizer of the folder
- trainable?: boolean = false -- whether the weights have gradients and can be trained
- seed?: integer -- seed of random weights
]]

fn "compt.backbone(name: \"micro\"|compt.folder|string|table, options?: compt.BackboneOptions): compt.Backbone" [[
Loads a frozen T5, mT5 or umT5. `name` is one of: "micro", the model inside the binary; a checkpoint folder; a
model of the Hugging Face hub ("google-t5/t5-base", "t5-base", "org/name@revision"), which is downloaded on first
use; a table with a T5 configuration, for random weights.

A folder has `config.json`, the weights (`model.safetensors` or `pytorch_model.bin`, whole or in shards) and the
tokenizer (`tokenizer.json` or `spiece.model`), as transformers 4 or 5 writes them. Supported are T5 v1.0, v1.1,
LM-adapted, flan, T0, UL2, ByT5, CodeT5, MADLAD-400, mT5, mT0 and umT5 (Raffel et al. 2020; Xue et al. 2021).

Raises an error if there is no such folder or model, `model_type` is not of this family, a file is missing or
damaged, `config.json` has an unsupported setting, a tensor is missing, unused or has a wrong shape, or the device
does not exist.
> b = compt.backbone("micro", { dtype = "float32", device = "cpu" })
> compt.backbone({ d_model = 16, d_kv = 8, d_ff = 32, num_layers = 1, num_heads = 2, vocab_size = 50 }, { trainable = true, seed = 1 })
]]

class "compt.Backbone" [[
A T5 encoder-decoder. Its weights do not change unless it was created with `trainable`. Shapes below use B (rows),
L (input tokens), T (target tokens) and d (`d_model`).
- name: string -- "micro", the folder, or the name of the model on the hub
- config: table -- configuration, with the key names of `config.json`
- d_model: integer -- d, width of the embeddings
- vocab_size: integer -- number of token ids
- dtype: string -- dtype of the weights
- device: string -- device of the model
- tokenizer: compt.Tokenizer -- nil if the folder has none
> b.config.num_layers
]]

options "compt.InputOptions" [[
The encoder input: exactly one of `input_ids`, `inputs_embeds` and `text`.
- input_ids?: torch.Data -- token ids [B, L]: a tensor, or a list of rows of any lengths
- inputs_embeds?: torch.Tensor -- embeddings [B, L, d], for example with prompts inserted
- text?: string|string[] -- texts, which are tokenized
- attention_mask?: torch.Data -- [B, L], 1 for a token and 0 for padding; default: all tokens of each row
]]

options "compt.ForwardOptions: compt.InputOptions" [[
- labels?: torch.Data -- target ids [B, T]; -100 is ignored in the loss
- decoder_input_ids?: torch.Data -- decoder input [B, T]; default: `labels` shifted right
- dropout?: number = 0 -- dropout rate of the backbone, in [0, 1)
]]

class "compt.Forward" [[
The result of `backbone:forward`.
- loss: torch.Tensor -- cross-entropy, mean over all labels other than -100, []; nil without labels
- logits: torch.Tensor -- [B, T, vocab_size]
]]

options "compt.GenerateOptions: compt.InputOptions" [[
- max_new_tokens?: integer = 20 -- maximum number of new tokens in a row
- num_beams?: integer = 1 -- number of beams; 1 is greedy decoding
- min_new_tokens?: integer = 0 -- number of tokens of a row before `</s>` may come
- length_penalty?: number = 1 -- with beams: the score of a candidate is its log-probability divided by its length to this power
- early_stopping?: boolean|"never" = false -- with beams: true stops as soon as `num_beams` candidates are complete; "never" only when none can become better; false when none of the present length is better
]]

class "compt.Generated" [[
The result of `backbone:generate`.
- ids: integer[][] -- one list of token ids per row, without start token and padding
- text: string[] -- the same as texts; nil without a tokenizer
]]

method "compt.Backbone:embed(ids: torch.Data): torch.Tensor" [[
Looks up embeddings: ids [B, L] to [B, L, d]. Raises an error if an id is outside of the vocabulary.
> b:embed({ { 5, 6, 1 } }).shape
]]

method "compt.Backbone:encode(options: compt.InputOptions): torch.Tensor" [[
Runs the encoder and returns its last hidden states, [B, L, d]. Raises an error if the input is missing, empty or
specified more than once, a shape does not match, an id is outside of the vocabulary, or `text` is used without a
tokenizer.
> b:encode({ text = "who has a dog ?" }).shape
> b:encode({ inputs_embeds = torch.zeros(1, 3, b.d_model), attention_mask = { { 1, 1, 0 } } }).shape
> b:encode({ input_ids = { { 5, 1 } } }).shape
]]

method "compt.Backbone:forward(options: compt.ForwardOptions): compt.Forward" [[
Runs encoder and decoder. Gradients flow to `inputs_embeds`. Raises the errors of `encode`, and an error if both
`labels` and `decoder_input_ids` are missing or their shapes differ.
> b:forward({ text = "who has a dog ?", labels = { { 5, 1 } }, dropout = 0 }).loss
]]

method "compt.Backbone:generate(options: compt.GenerateOptions): compt.Generated" [[
Decodes greedily or with beam search, with the results of `generate` in transformers. Raises the errors of `encode`,
and an error if `max_new_tokens` or `num_beams` is less than 1, `min_new_tokens` is more than `max_new_tokens`, or
options of beams are set for one beam.
> b:generate({ text = { "who has a dog ?" }, max_new_tokens = 4, min_new_tokens = 2, num_beams = 2, length_penalty = 0.6, early_stopping = true }).text
]]

method "compt.Backbone:parameters(): table<string, torch.Tensor>" [[
The trainable weights by their names in a checkpoint. Empty for a frozen backbone, whose weights are stored in
another layout.
> compt.backbone({ d_model = 16, d_kv = 8, d_ff = 32, num_layers = 1, num_heads = 2, vocab_size = 50 }, { trainable = true }):parameters()
]]

method "compt.Backbone:save(folder: compt.folder)" [[
Writes a checkpoint: `config.json`, `model.safetensors` and the tokenizer. Raises an error for a frozen backbone, or
if the folder cannot be written.
]]

fn "compt.tokenizer(folder: compt.folder): compt.Tokenizer" [[
Loads a tokenizer without a model: `tokenizer.json`, or `spiece.model` if there is no `tokenizer.json`, with the tokens
of `added_tokens.json` and `tokenizer_config.json`. ByT5's byte tokenizer is used if `tokenizer_config.json` names it.
Raises an error if the folder has no tokenizer, or one that is damaged or not of the T5 family.
]]

class "compt.Tokenizer" [[
T5's SentencePiece unigram tokenizer (Kudo 2018), CodeT5's byte-level BPE, or ByT5's bytes.
- vocab_size: integer -- number of token ids
- pad_id: integer -- id of the padding token
- eos_id: integer -- id of `</s>`
> b.tokenizer.vocab_size
]]

method "compt.Tokenizer:encode(text: string): integer[]" [[
The token ids of a text, followed by `</s>`.
> b.tokenizer:encode "who has a dog ?"
]]

method "compt.Tokenizer:encode_batch(texts: string[]): integer[][]" [[
The token ids of several texts, computed on all cores.
> b.tokenizer:encode_batch { "who has a dog ?", "bob" }
]]

method "compt.Tokenizer:decode(ids: integer[]): string" [[
The text of token ids, without special tokens. Raises an error if an id is negative.
> b.tokenizer:decode { 5, 6, 1 }
]]

method "compt.Tokenizer:id_of(piece: string): integer?" [[
The id of a token; nil if there is no such token.
> b.tokenizer:id_of "</s>"
]]

section "Tasks"

options "compt.TasksOptions" [[
- data?: compt.folder -- folder of the tasks' files. Default for tasks that the script defines: the folder of the script (at the prompt: the current folder)
- tasks?: compt.task_name[] -- names of the tasks to use, in this order; default: all
- shots?: integer -- number of training rows to draw; default: all rows
- per?: "task"|"class" = "task" -- whether `shots` counts rows per task or per label
- seed?: integer = 0 -- seed of the draw of the training rows (shots)
- split_seed?: integer = 0 -- seed of the splits: which rows are validation and which test rows, for tasks whose data lacks one of them, and the draw of `max_test` rows. It does not depend on `seed`, so runs with other shots answer the same test rows. Before this option existed (compt 0.2.0) `seed` drew the splits, too: `split_seed` with the old seed gives the old rows. The micro tasks have fixed validation and test rows
- validation_size?: integer -- training rows to hold out if there are no validation rows. Default: 1,000 for files, 0 for rows in Lua; never more than half
- max_test?: integer -- number of test rows to keep; default: all
- stsb_rounding?: number -- number labels are rounded to multiples of this; default: that of the task
- missing?: compt.Missing -- for every task; default: that of the task
- tokenizer?: compt.Tokenizer -- counts input lengths with this tokenizer (`b.tokenizer`), see `tasks.lengths`
- max_source_length?: integer = 256 -- input length of the trainer, to count how many inputs it truncates
- max_target_length?: integer -- maximum length of the targets of all tasks of free text; default: that of the task
]]

options "compt.TaskFiles" [[
The rows of each split.
- train: compt.path|compt.path[]|table[] -- training rows: a .csv, .tsv, .jsonl or .json file (also .gz), a .parquet file, a pattern ("part-*.jsonl"), files of the hub ("hf://datasets/org/name[@revision]/train-*.parquet"), or a list of rows
- validation?: compt.path|compt.path[]|table[] -- validation rows
- test?: compt.path|compt.path[]|table[] -- test rows
]]

alias "compt.Missing" [[
What to do with a row without a label (null, NaN, an empty cell, or -1 if -1 is not a label) or without text (null,
NaN, an empty cell, or a template that returns an empty text).
- "error" -- the default: raise an error that names the row
- "skip" -- leave the row out; the number of such rows is shown once and recorded with the run
]]

options "compt.TaskDefinition" [[
A task defined by the user.
- fields?: string[] -- columns that form the input, as "name: value ..."; use `fields` or `template`
- template?: string|fun(row: table): string -- a text with `{column}` in it, or a function of the row
- prefix?: string -- text before every input of the task
- shared_prefix?: string -- text before the input where one model answers several tasks (`prefix` of `compt.trainer`), for tasks without `prefix`. Default: the name of the task, which is T5's prefix for the tasks of GLUE ("mnli", "qqp" ...); for micro tasks a word of its vocabulary
- labels: string[]|"number"|"text" -- label words by class id, "number" for regression, or "text" for free text (answers, summaries, translations). Words are compared as a tokenizer sees them: white space, character forms (NFKC) and invisible characters do not count. Two equal words are an error; two words with the same tokens are an error of `compt.trainer`
- label_is?: "word"|"index" -- how to read the label of a row if the label words are numbers (`labels = { "1", "2", "3" }`): as a label word, or as a class id from 0. By default a row may have either unless that is ambiguous. 1, "1", "1.0" and 1.0 are the same label in every format. `true` (case-insensitive) is the label word of that name, else class 1
- range?: number[] -- lowest and highest number (default 0 and 5)
- rounding?: number -- numbers are rounded to multiples of this (default 0.2)
- label_names?: string[] -- names of the labels in the rows, if they differ from the label words. Names that are numbers are names, not class ids
- class_names?: string[] -- names of the labels in Parquet files of Hugging Face datasets (`ClassLabel` names), if they are neither `label_names` nor `labels`. Names that do not match are an error
- missing?: compt.Missing = "error" -- for rows without a label or text
- metrics?: (compt.Metric|string)[] -- main metric first, built-in or defined with compt.metric.define (default: accuracy; for numbers pearson and spearman; for free text exact_match and token_f1)
- keep?: string[] -- columns of validation and test rows that metrics of the user read, as fields of `rows`. Default: the fields of the input; none for a template function
- group?: string -- column whose value the rows of a group share, for metrics of groups. "idx.question" is the key `question` of tables in the column `idx`
- where?: table<string, string|number|boolean> -- use only the rows with these values in these columns
- max_target_length?: integer -- for free text: maximum number of tokens of a target, with `</s>`; longer targets are truncated in training, and the number of such targets is shown. `compt.trainer` refuses a task of free text without one. Predictions have at most as many tokens unless `generation` says otherwise
- generation?: compt.TextGeneration -- for free text: how predictions are decoded
- targets?: "first"|"each" = "first" -- for free text: whether a training row with several targets is an example for the first one only, or one for each
- pad_punctuation?: boolean = false -- put spaces around punctuation in the values of fields and in free text, as T5 and ATTEMPT do for SQuAD
- columns?: table<string, string|integer> -- column of each field (and of `label`) if the names in the file differ. The label of free text can be in a table or a list in a column: { label = "answers.text" }. Numbers (from 1) are for a table without a header row: { text = 1, label = 2 }
- delimiter?: string -- cell separator of tables (default "," for .csv, "\t" for .tsv). With this option, a file with any other extension is read as a table
- quotes?: boolean -- whether cells of tables may be in double quotes (default true; false for .tsv)
- small?: boolean -- split the validation rows in half, into validation and test rows
- files?: compt.TaskFiles -- the files; use `files` or `rows`
- hub?: compt.TaskFiles -- files that are used if no folder has `files`
- rows?: compt.TaskFiles -- the rows as Lua tables
]]

options "compt.TextGeneration" [[
How free text is decoded, as by `generate` of transformers.
- max_new_tokens?: integer -- maximum number of new tokens; default: `max_target_length`
- min_new_tokens?: integer = 0 -- number of tokens before `</s>` may come
- num_beams?: integer = 1 -- number of beams; 1 is greedy decoding
- length_penalty?: number = 1 -- with beams: the score of a candidate is its log-probability divided by its length to this power
- early_stopping?: boolean|"never" = false -- with beams: true stops as soon as `num_beams` candidates are complete; "never" only when none can become better
]]

alias "compt.Metric" [[
A metric. Scores are in percent, and errors in the units of the labels; higher is better. Metrics of words compare
predictions and labels as label words. A row of free text can have several references: the best one counts.
- "accuracy" -- share of predictions that equal the label (free text: a reference, with case and punctuation)
- "f1" -- F1 of the last label word, 2 TP / (2 TP + FP + FN). A prediction that is no label word counts against the label of its row, as in T5: a false positive if the label is another one, else a false negative
- "macro_f1" -- mean of the F1 of all label words, as scikit-learn's f1_score. A prediction that is no label word is missed only
- "micro_f1" -- F1 of the counts of all label words together, as scikit-learn's f1_score
- "matthews" -- Matthews correlation for any number of classes (Gorodkin 2004)
- "pearson" -- Pearson correlation of the numbers
- "spearman" -- Spearman rank correlation of the numbers
- "neg_mse" -- mean squared error of the numbers times -1, as scikit-learn's neg_mean_squared_error. Text that is no number counts as -1, as in T5
- "neg_mae" -- mean absolute error of the numbers times -1
- "exact_match" -- share of predictions that equal a reference after SQuAD's normalisation: lower case, without punctuation, articles and extra white space (SQuAD v1.1's evaluate script)
- "token_f1" -- F1 of the words that prediction and reference share after that normalisation, mean over the rows (the same script)
- "rouge1" -- ROUGE-1 F1 of rouge_score without stemmer, which T5 uses (Lin 2004); mean over the rows
- "rouge2" -- ROUGE-2 F1 of the same
- "rougeL" -- ROUGE-L F1 of the same, of the whole text as one sentence
- "rouge1_stemmed" -- ROUGE-1 of rouge_score with Porter's stemmer, which the summarisation examples of transformers use
- "rouge2_stemmed" -- ROUGE-2 of the same
- "rougeL_stemmed" -- ROUGE-L of the same
- "bleu" -- BLEU of all rows together as sacrebleu's default: 13a tokens, case kept, exponential smoothing (Post 2018)
- "grouped_exact_match" -- share of groups (`group` of the task) all of whose rows are right: MultiRC's EM by question
]]

class "compt.metric" [[
Metrics of the user.
]]

alias "compt.MetricFunction" "fun(predictions: string[], references: string[][], rows: table[]): number|table<string, number>" [[
A metric: the decoded text of each row, the texts that are right for it (a list also where there is one), and its
columns. A row has the columns that the task keeps (`keep`), and its input text as `source` unless a column has that
name; a null is false, and a column that is not kept is an error.
]]

options "compt.MetricTable" [[
A metric of several numbers.
- scores: string[] -- names of its numbers, the main one first; they are the names in results and tables
- compute: compt.MetricFunction -- returns a number for each of these names
]]

fn "compt.metric.define(name: string, metric: compt.MetricFunction|compt.MetricTable)" [[
Defines a metric; a task uses it with `metrics = { name }`. It returns a number, or a table of numbers by name if they
are declared. Higher must be better: averages, the best checkpoint and comparisons take it so. Tables show the numbers
as they are, beside metrics in percent.

`compt.trainer` calls the metric once with the labels of a few validation or test rows as the predictions. It raises
an error there, or at the first evaluation, if the metric fails or returns no finite number for a score; the error names
its line. A run with such a metric is recorded with the script: `compt eval` and `compt resume` run it again.

Raises an error if the name is that of a built-in metric.
> compt.metric.define("mentions", function(predictions, references)
>   local right = 0
>   for i, said in ipairs(predictions) do
>     if said:lower():find(references[i][1]:lower(), 1, true) then right = right + 1 end
>   end
>   return 100 * right / #predictions
> end)
> compt.metric.define("answers", {
>   scores = { "f1", "words" },
>   compute = function(predictions, references)
>     local words = 0
>     for _, said in ipairs(predictions) do words = words + select(2, said:gsub("%S+", "")) end
>     return { f1 = compt.metric.score("token_f1", predictions, references), words = words / #predictions }
>   end,
> })
]]

options "compt.ScoreOptions" [[
- labels?: string[] -- label words, for metrics of words
- groups?: (string|number)[] -- the group of each row, for metrics of groups
- rows?: table[] -- the rows, for metrics of the user
]]

fn "compt.metric.score(name: compt.Metric|string, predictions: string[], references: (string|string[])[], options?: compt.ScoreOptions): number|table<string, number>" [[
A score of texts by a metric, built-in or of the user: a number, or numbers by name for a metric that declares several.
Each reference is a text or a list of texts that are right. Raises an error if the metric is unknown, or the lists
differ in length.
> compt.metric.score("token_f1", { "the cat" }, { { "a cat", "cats" } })
> compt.metric.score("macro_f1", { "yes", "no" }, { "yes", "yes" }, { labels = { "no", "yes" } })
> compt.metric.score("grouped_exact_match", { "a", "b" }, { "a", "a" }, { groups = { 1, 2 }, rows = { {}, {} } })
]]

alias "compt.Split" [[
A split of the rows of a task.
- "train"
- "validation"
- "test"
]]

fn "compt.tasks(what: \"micro\"|\"micro_set2\"|\"glue\"|\"set2\"|\"superglue\"|\"mrqa\"|\"others\"|compt.task_name|compt.task_name[]|table<string|integer, compt.TaskDefinition|string>, options?: compt.TasksOptions): compt.Tasks" [[
Loads a set of tasks. `what` is "micro" (eight tasks of generated text inside the binary, with the types of task of
GLUE), "micro_set2" (six more, with those of SET2: `claims3`, `claims2`, `reviews`, `ratings`, `restated` and micro's
`paraphrase`), "glue" (Wang et al. 2019), "set2" (the ComPT paper's SET2: multinli, scitail, imdb, yelp_polarity, paws,
mrpc), "superglue" (Wang et al. 2019: boolq, cb, copa, wic, wsc, multirc, record), "mrqa" (question answering: squad,
newsqa, hotpotqa, searchqa, nq), "others" (winogrande, yelp_polarity, scitail, paws), the name of one task, a list of such names, or a table of task definitions by name; names and definitions can be
mixed in one table. If two sets have a task of the same name, prefix it with the set: "glue.qnli",
"micro.qnli". Without `data` the rows of all sets but the
micro tasks come from the Hugging Face hub. The last three sets have the form in which ATTEMPT and MPT use them for T5;
the heads of their files in `stdlib/tasks` say what differs. `a + b` has the tasks of
both, each with the rows that were drawn for it.

Raises an error if a name is unknown or ambiguous, a file is missing or damaged, a row has no valid label or text, a
split has no rows, or there are fewer rows than `shots`.
> tasks = compt.tasks("micro", { shots = 4, per = "task", seed = 1, max_test = 8 })
> compt.tasks({ "nli3", "micro.qnli" }, { shots = 2, max_test = 2 }) + compt.tasks("sentiment", { shots = 8, seed = 3 })
> compt.tasks({ capital = { fields = { "question" }, labels = "text", max_target_length = 8, generation = { num_beams = 2 }, rows = { train = { { question = "where ?", label = "Paris" } }, test = { { question = "where ?", label = { "Rome", "Roma" } } } } } })
> compt.tasks({ mood = { fields = { "text" }, labels = { "bad", "good" }, rows = { train = { { text = "a", label = 0 }, { text = "b", label = 1 } }, validation = { { text = "b", label = 1 } }, test = { { text = "a", label = 0 } } } } })
]]

class "compt.Tasks" [[
Tasks with their rows, split and sampled. `#tasks` is the number of tasks.
- name: string -- "micro", "glue" ..., "custom", or several names joined by "+"
- names: string[] -- the tasks, in order
- shots: integer? -- training rows that were drawn; nil if all
- per: string? -- whether `shots` counts per task or per class
- seed: integer? -- seed of the draw
- split_seed: integer? -- seed of the splits. `shots`, `per`, `seed` and `split_seed` are nil if added sets differ in them
- parts: compt.TasksPart[] -- one entry per set that was added
- lengths: table<string, compt.Lengths> -- input lengths by task; nil without the option `tokenizer`
- operator len: integer
- operator add(compt.Tasks): compt.Tasks
> tasks.names
]]

class "compt.TasksPart" [[
Tasks whose rows were drawn with the same options.
- name: string -- name of the set
- names: string[] -- the tasks
- shots: integer? -- training rows that were drawn; nil if all
- per: string -- whether `shots` counts per task or per class
- seed: integer -- seed of the draw
- split_seed: integer -- seed of the splits
]]

class "compt.Lengths" [[
Input lengths of a task in tokens, with `</s>`, over all splits.
- median: integer
- p95: integer -- 95th percentile
- longest: integer
- cut: number -- share of inputs longer than `max_source_length`, in [0, 1]
]]

class "compt.Row" [[
A row as text.
- source: string -- input of the model
- target: string -- expected output
- references: string[] -- all texts that are right; nil unless there are several
]]

method "compt.Tasks:size(task: compt.task_name|integer, split: compt.Split): integer" [[
The number of rows of a split. Raises an error if the task or the split is unknown.
> tasks:size("nli3", "train")
]]

method "compt.Tasks:rows(task: compt.task_name|integer, split: compt.Split): compt.Row[]" [[
The rows of a split as text. Raises an error if the task or the split is unknown.
> tasks:rows("nli3", "train")[1]
]]

method "compt.Tasks:metrics(task: compt.task_name|integer): string[]" [[
The names of a task's scores, the main one first. Raises an error if the task is unknown.
> tasks:metrics "nli3"
]]
