local compt = require "compt"

--- The error of a call, as text.
local function refusal(f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok, "nothing was refused")
  return tostring(message)
end

local function fails(expected, f, ...)
  local message = refusal(f, ...)
  assert(message:find(expected, 1, true), message)
end

--- The targets of rows with these labels.
local function targets(labels, given, changes)
  local rows = {}
  for i, label in ipairs(given) do rows[i] = { text = "row " .. i, label = label } end
  local task = { fields = { "text" }, labels = labels, rows = { train = rows, test = rows } }
  for key, value in pairs(changes or {}) do task[key] = value end
  local found = {}
  for i, row in ipairs(compt.tasks({ t = task }):rows("t", "train")) do found[i] = row.target end
  return table.concat(found, "|")
end

--- The targets of the same rows as files of each format; `texts` are the labels as written in the files.
local function in_files(labels, texts, changes)
  local found = {}
  for _, kind in ipairs { "jsonl", "csv", "tsv" } do
    local path = os.tmpname() .. "." .. kind
    local file = assert(io.open(path, "w"))
    local cell = kind == "csv" and "," or "\t"
    if kind ~= "jsonl" then file:write("text", cell, "label\n") end
    for i, text in ipairs(texts) do
      local line = kind == "jsonl" and '{"text": "row %d", "label": %s}\n' or "row %d" .. cell .. "%s\n"
      file:write(line:format(i, text))
    end
    file:close()
    local task = { fields = { "text" }, labels = labels, files = { train = path, test = path } }
    for key, value in pairs(changes or {}) do task[key] = value end
    local ok, tasks = pcall(compt.tasks, { t = task }, { validation_size = 0 })
    local said = {}
    for i, row in ipairs(ok and tasks:rows("t", "train") or {}) do said[i] = row.target end
    found[#found + 1] = ok and table.concat(said, "|") or (tostring(tasks):match "label_is" or tostring(tasks))
    os.remove(path)
  end
  assert(found[1] == found[2] and found[2] == found[3], table.concat(found, "\n"))
  return found[1]
end

local FIVE = { "1", "2", "3", "4", "5" }

return {
  ["label words that are compared as equal are refused"] = function()
    for _, pair in ipairs {
      { "yes", "yes" }, { " yes", "yes" }, { "not  same", "not same" }, { "no\u{a0}", "no" }, { "a\tb", "a b" },
      { "ｙｅｓ", "yes" }, { "\u{e9}t\u{e9}", "e\u{301}te\u{301}" }, { "\u{3000}no", "no" },
    } do
      fails("are the same", targets, { "other", pair[1], pair[2] }, { "other" })
    end
    fails("label word 2 is empty", targets, { "no", " \t" }, { 0 })
    assert(targets({ "yes", "yes and no" }, { 0, 1 }) == "yes|yes and no")
  end,

  ["labels of rows are normalised like label words"] = function()
    local labels = { " no", "not  same" }
    assert(targets(labels, { "no", "no ", "not same", "not\tsame", "ｎｏ", 1 }) == " no| no|not  same|not  same| no|not  same")
    fails("outside the label set", targets, labels, { "notsame" })
  end,

  ["digits are a word or a class id in every format; ambiguous ones are errors"] = function()
    assert(in_files(FIVE, { "1", "4" }) == "label_is")
    assert(in_files(FIVE, { "5", "5" }) == "label_is")
    assert(in_files(FIVE, { "1", "4" }, { label_is = "word" }) == "1|4")
    assert(in_files(FIVE, { "1", "4" }, { label_is = "index" }) == "2|5")
    assert(in_files(FIVE, { "1.0", "4.0" }, { label_is = "word" }) == "1|4")
    assert(in_files({ "0", "1", "2" }, { "2", "0", "1.0" }) == "2|0|1")
    assert(in_files({ "10", "20" }, { "20", "10" }) == "20|10")
    assert(in_files({ "-1", "1" }, { "-1", "1" }) == "-1|1")
    assert(in_files({ "1.0", "2.0" }, { "1", "2.0" }) == "label_is")
  end,

  ["booleans are matched to label words in every format"] = function()
    assert(in_files({ "false", "true" }, { "true", "false" }) == "true|false")
    assert(in_files({ "true", "false" }, { "true", "false" }) == "true|false")
    assert(in_files({ "negative", "positive" }, { "true", "false" }) == "positive|negative")
    assert(in_files({ "yes", "no" }, { "true" }) == "label_is")
    assert(targets({ "no", "yes" }, { true, "True", "FALSE" }) == "yes|yes|no")
    assert(targets({ "True", "False" }, { true, "true", "False" }) == "True|True|False")
  end,

  ["rows given in Lua and Parquet are read by the same rule"] = function()
    for _, label in ipairs { 1, "1", 1.0, "1.0" } do
      fails('set in the task: label_is = "word" or label_is = "index"', targets, FIVE, { label })
      assert(targets(FIVE, { label }, { label_is = "word" }) == "1")
      assert(targets(FIVE, { label }, { label_is = "index" }) == "2")
    end
    local function parquet(labels, is)
      local file = "rte/validation-00000-of-00001.parquet"
      return compt.tasks({ rte = { fields = { "sentence1" }, labels = labels, label_is = is,
        files = { train = file, test = file } } }, { data = "tests/fixtures/parquet", validation_size = 0 }):rows("rte", "test")
    end
    fails("label_is", parquet, { "1", "2" })
    local plain, places = parquet { "a", "b" }, parquet({ "1", "2" }, "index")
    for i, row in ipairs(plain) do assert(places[i].target == (row.target == "a" and "1" or "2")) end
    fails("did you mean 'word'?", targets, FIVE, { 1 }, { label_is = "words" })
  end,

  ["names of rows that are numbers are names in every format"] = function()
    local names = { label_names = { "1", "2" } }
    assert(in_files({ "negative", "positive" }, { "1", "2", "2.0" }, names) == "negative|positive|positive")
    fails("outside the label set", targets, { "negative", "positive" }, { 0 }, names)
  end,
}
