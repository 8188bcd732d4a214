--- Shared code of the paper's studies: options of the command line, and how a study runs.
---
---     --set backbone=NAME|DIR   default: the micro backbone     --set dtype=float32|bfloat16
---     --set tasks=SET           in place of GLUE; second=SET in place of SET2; data=DIR for their files
---     --set only=a,b            some of GLUE's tasks; only_second=a,b for SET2
---     --set shots=8,16,32       rows per task                       --set per=task|class
---     --set rows=5000           rows per task of studies with many rows (micro: 256)
---     --set seeds=5             seeds 1 to 5; or a list: seeds=1,5,9. Default: 3, as in the paper; micro: 6, see below, but 3
---                               for figures 5, 6, 7 and A2, whose curves and maps claim no marks
---     --set epochs=30  --set batch_size=16  --set max_test=N  --set max_source_length=N
---     --set quick=true          four epochs, two shots, two test rows: a smoke test
---     --set runs=DIR            tables and figures of existing runs; no new runs
---     --set pages=DIR           folder of tables and figures, default pages/
---
--- Marks in tables need six seeds or answers to the same rows (compt.report.table).
local compt = require "compt"
local cell = require "paper.cell"

local study = {}

--- `8,16,32`, a number, or nothing.
---@param value any
---@param default any[]
---@return any[]
local function list(value, default)
  if value == nil then return default end
  local found = {}
  for part in tostring(value):gmatch "[^,]+" do found[#found + 1] = tonumber(part) or part end
  return found
end

---@class paper.Options
---@field backbone string
---@field tasks string
---@field second string
---@field shots integer[]
---@field seeds integer[]
---@field figure_seeds integer[] -- of figures without marks
---@field epochs integer?
---@field only string[]?
---@field only_second string[]?
---@field quick boolean
---@field base table<string, any>

--- The options of the command line, with defaults for the micro backbone.
---@return paper.Options
function study.options()
  local args = compt.args
  local backbone, quick = args.backbone or "micro", args.quick == true
  local tasks = args.tasks or (backbone == "micro" and "micro" or "glue")
  local count = tonumber(args.seeds) or not args.seeds and (backbone == "micro" and 6 or 3) or nil
  local seeds = {} ---@type integer[]
  for i = 1, quick and 2 or count or 0 do seeds[i] = i end
  if args.seeds and not count then seeds = list(args.seeds, seeds) end
  local figure_seeds = {} ---@type integer[]
  for i, seed in ipairs(seeds) do
    if args.seeds or i <= 3 then figure_seeds[i] = seed end
  end
  return {
    backbone = backbone, tasks = tasks, second = args.second or (backbone == "micro" and "micro_set2" or "set2"),
    shots = quick and { 2 } or list(args.shots, { 8, 16, 32 }), seeds = seeds, figure_seeds = figure_seeds, quick = quick,
    epochs = quick and 4 or args.epochs, only = args.only and list(args.only, {}),
    only_second = args.only_second and list(args.only_second, {}),
    base = {
      backbone = backbone, dtype = args.dtype, data = args.data, per = args.per or "task",
      batch_size = args.batch_size or 16, max_test = quick and 2 or args.max_test,
      max_source_length = args.max_source_length,
    },
  }
end

--- The shots of studies with one value: the middle one of several.
---@param o paper.Options
function study.middle(o) return o.shots[(#o.shots + 1) // 2] end

--- The rows of studies with many: 5,000 in the paper.
---@param o paper.Options
---@return integer
function study.many(o) return o.quick and 2 or compt.args.rows or (o.backbone == "micro" and 256 or 5000) end

--- Numbers of the command line: `--set NAME=1,2,3`.
---@param name string
---@param default number[]
---@return any[]
function study.numbers(name, default)
  local found = list(compt.args[name], default)
  for _, one in ipairs(found) do
    if type(one) ~= "number" then error(("--set %s: '%s' is not a number"):format(name, tostring(one)), 0) end
  end
  return found
end

--- The numbers of source prompts that figures 2 and 5 compare.
---@param o paper.Options
---@return integer[]
function study.sources(o) return study.numbers("sources", o.quick and { 1, 2 } or { 1, 2, 3, 5, 7, 10 }) end

--- The tasks of the first set, for checks before anything is trained.
---@param o paper.Options
---@return compt.Tasks
function study.tasks(o)
  return compt.tasks(o.tasks, { data = o.base.data, shots = 1, tasks = o.only, max_test = o.base.max_test })
end

--- Two lists of cells as one.
---@param a table<string, any>[]
---@param b table<string, any>[]
function study.joined(a, b) return table.move(b, 1, #b, #a + 1, a) end

--- The cells of a study: `given` are options of compt.grid, which override the options of the command line. Lengths and
--- numbers of sources are those of the paper unless they are set.
---@param o paper.Options
---@param given compt.GridOptions
---@param second boolean? -- use the second set of tasks
---@return table<string, any>[]
function study.cells(o, given, second)
  local settings = { tasks = o.tasks, only = o.only, epochs = o.epochs or 30 }
  if second then
    settings.tasks, settings.only = o.second, o.only_second
  end
  for _, layer in ipairs { o.base, given.settings or {} } do
    for key, value in pairs(layer) do settings[key] = value end
  end
  if o.quick then settings.epochs = 4 end
  return compt.grid {
    settings = settings, grid = given.grid, zip = given.zip, list = given.list,
    derive = function(s)
      local composed = s.method == "ssum" or s.method == "msum" or s.method == "mcat"
      return {
        length = s.length or (s.method:match "^mcat" and 10 or 20),
        sources = composed and (s.sources or 3) or nil,
        weights = composed and (s.weights or "learned") or nil,
      }
    end,
  }
end

--- The key of a cell.
---@param settings table<string, any>
local function signature(settings)
  local parts = {}
  for key, value in sorted_pairs(settings) do
    local text = type(value) == "table" and table.concat(value, ",") or tostring(value)
    parts[#parts + 1] = key .. "=" .. text
  end
  return table.concat(parts, " ")
end

--- The scale of cells whose rates a search had chosen before their runs were made.
study.CHOSEN = "chosen"

--- The runs of some cells, one for each. Raises an error if there are none, or two for one cell.
---@param runs compt.Runs
---@param cells table<string, any>[]
---@return compt.Runs
function study.runs_of(runs, cells)
  local wanted, chosen = {}, {}
  for _, settings in ipairs(cells) do
    wanted[signature(settings)] = settings
    if settings.scale == study.CHOSEN then chosen[settings.method] = true end
  end
  local found = {} ---@type table<string, string?>
  local own = runs:where(function(run)
    local settings = {}
    for key, value in pairs(run.settings) do settings[key] = value end
    if settings.scale and chosen[settings.method] then settings.scale = study.CHOSEN end
    local key = signature(settings)
    local other = found[key]
    if not wanted[key] or other == run.path then return false end
    if other ~= nil then
      error(("two runs are of the same cell: %s and %s; use a folder with one of them"):format(other, run.path), 0)
    end
    found[key] = run.path
    return true
  end)
  if #own == 0 then error("no run has the settings of this study; start it without --set runs to make them", 0) end
  local missing, first = 0, nil
  for key in sorted_pairs(wanted) do
    if not found[key] then missing, first = missing + 1, first or key end
  end
  if missing > 0 then io.stderr:write(("note: %d runs are missing, the first: %s\n"):format(missing, first)) end
  return own
end

--- Raises an error if options of the command line are set that a study does not have.
---@param names string[]
---@param why string
function study.refuse(names, why)
  for _, name in ipairs(names) do
    if compt.args[name] ~= nil then error(("--set %s: %s"):format(name, why), 0) end
  end
end

--- Checks `only` before anything is trained.
---@param o paper.Options
local function check_only(o)
  local function check(set, only)
    if only then compt.tasks(set, { data = o.base.data, shots = 1, tasks = only, max_test = 1 }) end
  end
  check(o.tasks, o.only)
  check(o.second, o.only_second)
end

---@alias paper.Part compt.ResultTable|compt.Figure

---@class paper.Study
---@field name string
---@field title string
---@field searches boolean? -- its cells need a search
---@field check (fun(o: paper.Options))? -- raises an error before anything is trained
---@field cells fun(o: paper.Options): table<string, any>[]
---@field show fun(runs: compt.Runs, o: paper.Options): paper.Part[]

--- Runs the cells that are not finished. `--set runs=DIR` uses existing runs of any origin and makes none.
---@param name string
---@param cells table<string, any>[]
---@return compt.Runs
function study.ablate(name, cells)
  if compt.args.runs then return compt.runs(compt.args.runs) end
  return compt.ablate { name = name, list = cells, run = cell.run, out = compt.out or "runs/paper", args = false }
end

--- The folder of tables and figures.
---@return string
function study.pages() return compt.args.pages or "pages" end

--- Writes a file of the folder of tables and figures, and prints its path.
---@param name string
---@param content string
function study.file(name, content)
  local path = study.pages() .. "/" .. name
  local file = assert(io.open(path, "w"))
  assert(file:write(content))
  assert(file:close())
  print(path)
end

--- The methods as the paper writes them.
local NAMES = { pt = "PT", ssum = "SSUM", msum = "MSUM", mcat = "MCAT" }

--- A figure in the width of a column, or of the text for several panels and for large ones.
---@param figure compt.Figure
---@return compt.Figure
local function printed(figure)
  local panels = figure.chart.panels
  local small = #panels == 1 and #(panels[1].columns or {}) < 6 and #(panels[1].series or {}) <= 6
  return figure:with { width = small and "column" or "text", legend = small and "inside" or nil, names = NAMES }
end

--- Prints the tables of a study and writes them (LaTeX) and the figures (SVG and PDF) to files. Returns all of it as Markdown.
---@param one { name: string, title: string }
---@param parts paper.Part[]
---@return string
function study.write(one, parts)
  print(one.title .. "\n")
  local page, tables, figures = { "## " .. one.title }, 0, 0
  for _, part in ipairs(parts) do
    local name
    if part.svg then
      figures = figures + 1
      name = ("%s-%d.svg"):format(one.name, figures)
      local figure = printed(part --[[@as compt.Figure]])
      figure:save(study.pages() .. "/" .. name)
      figure:save(study.pages() .. "/" .. name:gsub("svg$", "pdf"))
      page[#page + 1] = ("![%s, figure %d](%s)"):format(one.title, figures, name)
    else
      tables = tables + 1
      name = ("%s-%d.tex"):format(one.name, tables)
      local result = part --[[@as compt.ResultTable]]
      result:save(study.pages() .. "/" .. name)
      page[#page + 1] = result:markdown()
      print(result)
      print()
    end
    print(study.pages() .. "/" .. name)
  end
  print()
  return table.concat(page, "\n\n") .. "\n"
end

--- Raises an error before anything is trained if the options do not fit a study.
---@param o paper.Options
---@param one paper.Study
function study.check(o, one)
  check_only(o)
  if one.check then one.check(o) end
end

--- Runs a study if its file is the script; a study that is required by another file is only declared.
---@param module string? -- the value of `...` in a required file
---@param one paper.Study
---@return paper.Study
function study.main(module, one)
  if module then return one end
  local o = study.options()
  study.check(o, one)
  local cells = one.cells(o)
  local page = study.write(one, one.show(study.runs_of(study.ablate(one.name, cells), cells), o))
  study.file(one.name .. ".md", page)
  return one
end

return study
