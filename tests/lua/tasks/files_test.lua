--- Common formats of row files: each is read, or refused with a helpful error.
local compt = require "compt"

local OWN = "tests/fixtures/hub/own/"
local folder
local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "wb"))
  file:write(text)
  file:close()
end

local function definition(files, changes)
  local task = { fields = { "text" }, labels = { "no", "yes" } }
  if files then task.files = { train = files, test = files } end
  if type(files) == "table" and files.train then task.files = files end
  for key, value in pairs(changes or {}) do task[key] = value end
  if task.template then task.fields = nil end
  return { t = task }
end

--- "text label|text label" of the rows of all splits, sorted by text.
local function read(files, changes, options)
  options = options or {}
  options.data = options.data or folder
  options.validation_size = 0
  local tasks = compt.tasks(definition(files, changes), options)
  local rows = {}
  for i, row in ipairs(tasks:rows("t", "train")) do
    rows[i] = row.source:gsub("^%w+: ", "") .. " " .. row.target
  end
  table.sort(rows)
  return table.concat(rows, "|")
end

local function refused(expected, ...)
  local ok, message = pcall(read, ...)
  assert(not ok, "no error; wanted: " .. expected)
  assert(tostring(message):find(expected, 1, true), tostring(message))
end

local function same(found, expected) assert(found == expected, found) end

local tests = {
  ["a spreadsheet's file is read with its delimiter, and the error names it"] = function()
    write("sheet.csv", "\xef\xbb\xbftext;label\r\n\"good; cheap\";1\r\n\r\nbad;0\r\n")
    refused('sheet.csv: line 1: its cells are separated by ";", not by ","', "sheet.csv")
    same(read("sheet.csv", { delimiter = ";" }), "bad no|good; cheap yes")
    write("sheet.txt", "text\tlabel\nbad\t0\n")
    refused("with 'delimiter', any other file is read as a table", "sheet.txt")
    same(read("sheet.txt", { delimiter = "\t" }), "bad no")
    refused("'delimiter' must be one ASCII character, got ';;'", "sheet.csv", { delimiter = ";;" })
    refused("'delimiter' is for files, not for 'rows'", nil,
      { delimiter = ";", rows = { train = { { text = "a", label = 1 } }, test = { { text = "a", label = 1 } } } })
  end,

  ["a table without a header row is read by position"] = function()
    write("bare.csv", "7,1,good\n8,0,bad\n")
    same(read("bare.csv", { columns = { text = 3, label = 2 } }), "bad no|good yes")
    refused("of a table without a header row, to positions: label = 1", "bare.csv")
    refused("columns: the position of 'label' is missing", "bare.csv", { columns = { text = 3 } })
    refused("'label' is a name where others are positions", "bare.csv",
      { columns = { text = 3, label = "gold" } })
    refused("positions count from 1", "bare.csv", { columns = { text = 0, label = 2 } })
    refused("3 cells, but 'text' is column 4", "bare.csv", { columns = { text = 4, label = 2 } })
    refused("'columns' must name its fields", "bare.csv", { columns = { "id", "label", "text" } })
    refused("'quotes' must be true or false", "bare.csv", { quotes = "no" })
    refused("did you mean 'text'?", "bare.csv", { columns = { txt = 3, label = 2 } })
    write("rows.jsonl", '{"text": "a", "label": 0}\n')
    refused("'columns' by position is for tables", "rows.jsonl", { columns = { text = 1, label = 2 } })
  end,

  ["rows without a label or text are refused or skipped in every format"] = function()
    write("lacks.jsonl", '{"text": "a", "label": 0}\n\n{"text": "b", "label": -1}\n{"text": null, "label": 1}\n'
      .. '{"text": "d", "label": NaN}\n{"label": 1}\n{"text": "e", "label": "yes"}\n')
    write("lacks.csv", "text,label\na,0\n\nb,-1\n,1\nd,\n\" \",1\ne,yes\n")
    write("lacks.tsv", "text\tlabel\na\t0\n\nb\t-1\n\t1\nd\t\n \t1\ne\tyes\n")
    write("lacks.json", '[{"text": "a", "label": 0},\n\n{"text": "b", "label": null},\n{"text": "e", "label": "yes"}]')
    for name, text in pairs { jsonl = "is -1", csv = "is -1", tsv = "is -1", json = "is null" } do
      local file = "lacks." .. name
      refused(file .. ": line " .. (name == "jsonl" and 3 or name == "json" and 3 or 4)
        .. ": no label: 'label' " .. text, file)
      refused('missing = "skip" skips rows', file)
      same(read(file, { missing = "skip" }), "a no|e yes")
      same(read(file, nil, { missing = "skip" }), "a no|e yes")
    end
    local odd = { data = "." }
    refused("odd.parquet: row 2: no text: 'text' is null", OWN .. "odd.parquet", nil, odd)
    same(read(OWN .. "odd.parquet", { missing = "skip" }, odd), "a no")
    local rows = { train = { { text = "a", label = 0 }, { text = "b" }, { text = "", label = 1 } },
      test = { { text = "z", label = 1 } } }
    same(read(nil, { rows = rows, missing = "skip" }), "a no")
    refused("rows.train: row 2: no field 'label'", nil, { rows = rows })
    refused("did you mean 'skip'?", "lacks.csv", { missing = "skp" })
    refused("every train row is skipped: 3 without text", nil,
      { rows = rows, fields = { "txt" }, missing = "skip" })
    refused("lacks.csv: line 1: no field 'txt'", "lacks.csv", { fields = { "txt" }, missing = "skip" })
    -- A label may be called so.
    write("minus.csv", "text,label\nx,-1\n")
    same(read("minus.csv", { labels = { "-1", "one" } }), "x -1")
  end,

  ["rows for functions have nil for null, and empty results count as no text"] = function()
    write("null.jsonl", '{"text": "a", "label": 0, "note": null}\n{"text": "b", "label": 1, "note": "x"}\n')
    local function template(row) if row.note == nil then return row.text end end
    same(read("null.jsonl", { template = template, missing = "skip" }), "a no")
    refused("line 2: no text: the template returned none", "null.jsonl", { template = template })
    refused("line 1: template: it returned a table, not a string", "null.jsonl", { template = function() return {} end })
    same(read("null.jsonl", { template = function(row) return row.label end }), "0 no|1 yes")
  end,

  ["arrays of rows and patterns are read"] = function()
    write("array.json", '[\n  {\n    "text": "a",\n    "label": 0\n  },\n  {\n    "text": "b",\n    "label": 7\n  }\n]\n')
    refused("array.json: line 6: label 7 is outside the label set", "array.json")
    write("part-1.jsonl", '{"text": "one", "label": 0}\n')
    write("part-2.jsonl", '{"text": "two", "label": 1}\n')
    write("part-[x].jsonl", '{"text": "brackets", "label": 1}\n')
    write("*.jsonl", '{"text": "star", "label": 1}\n')
    same(read("part-?.jsonl"), "one no|two yes")
    same(read "part-*.jsonl", "brackets yes|one no|two yes")
    same(read "part-[x].jsonl", "brackets yes")
    same(read "*.jsonl", "star yes")
    same(read { train = { "part-2*", "part-1.*" }, test = "part-2.jsonl" }, "one no|two yes")
    same(read("*/part-2.jsonl", nil, { data = folder:match "(.*)/" }), "two yes")
    refused("prt-*.jsonl: no file matches this pattern", "prt-*.jsonl")
    refused("there is no folder", "nowhere/prt-*.jsonl")
    refused("'**' is not supported in patterns", "**/part-1.jsonl")
  end,

  ["lists of files and rows are complete and without duplicates"] = function()
    write("p-1.jsonl", '{"text": "a", "label": 1}\n')
    os.execute(("ln -s /nowhere/x %q"):format(folder .. "/p-2.jsonl"))
    refused("a link to '/nowhere/x', which does not exist", "p-*.jsonl")
    os.remove(folder .. "/p-2.jsonl")
    os.execute(("mkdir %q"):format(folder .. "/p-3.jsonl"))
    refused("p-3.jsonl: this is a folder", "p-*.jsonl")
    os.execute(("rmdir %q"):format(folder .. "/p-3.jsonl"))
    assert(read("p-*.jsonl") == "a yes")
    refused("p-1.jsonl' occurs twice", { train = { "p-1.jsonl", "./p-1.jsonl" }, test = "p-1.jsonl" })
    write("z.jsonl", "\x1f\x8b\x08\0")
    refused("it is compressed with gzip", "z.jsonl")
    write("l.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")
    refused("a pointer of git-lfs", "l.jsonl")
    local row = { text = "a", label = 1 }
    local function rows(train) return { rows = { train = train, test = { row } } } end
    refused("a list of 1 has a value at 3, too", nil, rows { row, nil, row })
    refused("a list of 1 has a value at 'foo', too", nil, rows { row, foo = row })
    refused("'label_names' holds 'a ' twice", nil, { rows = { train = { row }, test = { row } }, label_names = { "a", "a " } })
    refused("the metric 'pearson' is for labels that are numbers", nil, { rows = { train = { row }, test = { row } }, metrics = { "pearson" } })
  end,

  ["numbers of a ClassLabel are matched by the names in the file"] = function()
    local here = { data = "." }
    local function gold(changes)
      changes.columns, changes.missing = { label = "gold" }, "skip"
      return changes
    end
    local gold_file, turned = OWN .. "gold.parquet", OWN .. "turned.parquet"
    local function of(file, changes) return read(file, gold(changes), here) end
    local as_named = "called neg neg|called pos pos"
    same(of(gold_file, { labels = { "neg", "pos" } }), as_named)
    same(of(gold_file, { labels = { "pos", "neg" } }), as_named)
    same(of(turned, { labels = { "neg", "pos" } }), "is called neg neg|is called pos pos")
    local both = { gold_file, turned }
    local words = "called neg bad|called pos good|is called neg bad|is called pos good"
    same(of(both, { labels = { "bad", "good" }, class_names = { "neg", "pos" } }), words)
    same(of(both, { labels = { "good", "bad" }, label_names = { "pos", "neg" } }), words)
    local function unfit(expected, changes)
      refused(expected, gold_file, gold(changes), here)
    end
    unfit("gold.parquet: the labels of the file are 'neg', 'pos'; the task's are 'bad', 'good'",
      { labels = { "bad", "good" } })
    unfit("(or 'negative', 'positive')", { labels = { "bad", "good" }, class_names = { "negative", "positive" } })
    unfit("which are not numbers", { labels = "number" })
    unfit("'class_names' needs a name for each of 'labels'", { labels = { "bad", "good" }, class_names = { "neg" } })
    refused("row 3: no label: 'gold' is -1", gold_file, { labels = { "neg", "pos" }, columns = { label = "gold" } }, here)
    -- Without names numbers are places, as in any file.
    same(read(OWN .. "odd.parquet", { missing = "skip", labels = { "x", "y" } }, here), "a x")
  end,

  ["unused columns can have any content"] = function()
    local here, odd = { data = "." }, OWN .. "odd.parquet"
    same(read(odd, { fields = { "kind" }, missing = "skip" }, here), "u no|v yes|v yes")
    for column, what in pairs { bytes = "bytes that are not text", list = "a list", image = "a table", pairs = "a table" } do
      refused("row 1: field '" .. column .. "' holds " .. what, odd, { fields = { column }, missing = "skip" }, here)
    end
    write("odd.jsonl", '{"text": "a", "label": 0, "score": NaN, "tags": [], "big": 1e999, "emoji": "\\ud83d"}\n')
    same(read "odd.jsonl", "a no")
    refused("line 1: not a JSON object: column 'emoji': ", "odd.jsonl", { fields = { "emoji" } })
    refused("line 1: field 'tags' holds a list", "odd.jsonl", { fields = { "tags" } })
  end,

  ["errors for other encodings have the command that converts"] = function()
    write("latin.csv", "text,label\nlabel,0\ncaf\xe9,1\n")
    refused("latin.csv: line 3: column 'text': not UTF-8 (byte 0xE9); it looks like Latin-1", "latin.csv")
    refused("iconv -f WINDOWS-1252 -t UTF-8 " .. folder .. "/latin.csv > " .. folder .. "/latin.utf8.csv", "latin.csv")
    write("wide.tsv", "\xff\xfet\0e\0x\0t\0\n\0")
    refused("wide.tsv: it is UTF-16, not UTF-8", "wide.tsv")
  end,
}

--- Each test has a separate folder.
for name, test in pairs(tests) do
  tests[name] = function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
    local ok, message = pcall(test)
    os.execute("rm -r " .. folder)
    assert(ok, message)
  end
end

return tests
