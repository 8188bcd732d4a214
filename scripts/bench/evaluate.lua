--- The evaluation of compt: decodes the test rows of eight tasks, each with its own prompt.
---
---     --set backbone=DIR --set dtype=float32 --set tasks=glue --set data=DIR --set max_test=40
---     --set folder=DIR [--set epochs=30]
---
--- With `epochs` the prompts are trained first (SSUM), else they are random. For the reference, writes
--- `prompts.safetensors` and `rows.tsv` (lines `task <tab> source`) to the folder.
--- Command: `answers DECODING FILE` writes lines `task <tab> prediction <tab> label`.
local compt, torch = require "compt", require "compt.torch"

local args = compt.args
local tasks = compt.tasks(args.tasks, {
  data = args.data, shots = 16, max_test = args.max_test, seed = 1,
})
local trainer = compt.trainer {
  backbone = compt.backbone(args.backbone, { dtype = args.dtype }),
  tasks = tasks,
  method = args.epochs and compt.methods.ssum {}
    or compt.methods.pt { encoder = "none", alone = false },
  epochs = args.epochs or 1,
  max_source_length = 512,
  seed = 1,
}
if args.epochs then trainer:run() end

local function lines(name, write)
  local file = assert(io.open(name, "w"))
  write(function(...) file:write(table.concat({ ... }, "\t"), "\n") end)
  file:close()
end

local prompts = {}
for _, name in ipairs(tasks.names) do prompts[name] = trainer:prompt(name) end
torch.save(args.folder .. "/prompts.safetensors", prompts)
lines(args.folder .. "/rows.tsv", function(write)
  for _, name in ipairs(tasks.names) do
    for _, row in ipairs(tasks:rows(name, "test")) do write(name, row.source) end
  end
end)

require "serve" {
  answers = function(argument)
    local decoding, path = argument:match "^(%S+) (.*)$"
    local found = trainer:evaluate("test", { decoding = decoding, max_new_tokens = 50 })
    lines(path, function(write)
      for _, name in ipairs(tasks.names) do
        for _, row in ipairs(found.predictions[name]) do write(name, row.prediction, row.label) end
      end
    end)
    return { average = found.average }
  end,
}
