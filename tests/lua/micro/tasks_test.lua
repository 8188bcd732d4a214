local tasks = require "compt.micro.tasks"

local function sources(name, rows)
  local list, set = {}, {}
  for i, row in ipairs(rows) do
    list[i] = tasks.source(name, row) .. " -> " .. row.label
    set[tasks.source(name, row)] = true
  end
  return list, set
end

local function each(check)
  return function()
    for _, name in ipairs(tasks.all_names) do check(name, tasks.definitions[name]) end
  end
end

-- The first row of each task for seed 1: a change of the generator shows here.
local golden = {
  nli3 = "premise : jack assisted leo . hypothesis : leo was helped by jack . -> entailment",
  nli2 =
    "sentence1 : lucy is older than nina . ben has an expensive car . "
      .. "sentence2 : mia is younger than lucy . -> not_entailment",
  qnli =
    "question : whose puzzle is tough ? sentence : the puzzle of adam is strong . -> entailment",
  paraphrase = "sentence1 : tom called adam . sentence2 : tom phoned adam . -> equivalent",
  dupq =
    "question1 : who is jack poorer than ? question2 : who is jack shorter than ? -> not_duplicate",
  acceptability = "sentence : sam 's is rose costly . -> unacceptable",
  sentiment = "sentence : the trip was not wonderful . -> negative",
  similarity = "sentence1 : sam is taller than vera . sentence2 : sam is richer than vera . -> 3.5",
  claims3 =
    "text : mia is in the garden . ella lent the messy puzzle to rosa . "
      .. "claim : rosa borrowed the messy toy from ella . -> entailment",
  claims2 = "first : leo followed clara . second : clara was followed by leo . -> entailment",
  reviews = "text : paul did not hate the story . it was not a terrible show . -> positive",
  ratings = "text : it was not a poor trip but the meal was dull . -> negative",
  restated = "one : jack is quieter than tom . two : jack is poorer than tom . -> not_equivalent",
}

return {
  ["the same seed gives the same rows"] = each(function(name)
    local one = sources(name, tasks.rows(name, { count = 32, seed = 5 }))
    local two = sources(name, tasks.rows(name, { count = 32, seed = 5 }))
    local other = sources(name, tasks.rows(name, { count = 32, seed = 6 }))
    assert(table.concat(one) == table.concat(two))
    assert(table.concat(one) ~= table.concat(other))
  end),

  ["golden rows"] = each(function(name)
    local row = sources(name, tasks.rows(name, { count = 8, seed = 1 }))[1]
    assert(row == golden[name], row)
  end),

  ["classes are balanced"] = each(function(name, definition)
    local classes = #definition.judgement.classes
    local counts = {}
    for _, row in ipairs(tasks.rows(name, { count = 16, seed = 2 })) do
      counts[row.label] = (counts[row.label] or 0) + 1
    end
    local distinct = 0
    for _, count in pairs(counts) do
      distinct = distinct + 1
      assert(count >= 16 // classes and count <= 16 // classes + 1)
    end
    assert(distinct == classes)
  end),

  ["labels are those of the definition, fields all filled"] = each(function(name, definition)
    for _, row in ipairs(tasks.rows(name, { count = 50, seed = 3 })) do
      for _, field in ipairs(definition.fields) do assert(#row[field] > 0) end
      if definition.labels == "number" then
        assert(row.label:find "^[0-5]%.[05]$")
      else
        local known = table.concat(definition.labels, " ")
        assert((" " .. known .. " "):find(" " .. row.label .. " ", 1, true))
      end
    end
  end),

  ["rows are unique and not in the test set, for any counts"] = each(function(name)
    local rows = tasks.rows(name, { count = 500, seed = 4 })
    local _, few_shot = sources(name, rows)
    local distinct = 0
    for _ in pairs(few_shot) do distinct = distinct + 1 end
    assert(distinct == 500)
    for _, row in ipairs(tasks.test_rows(name, 500)) do
      assert(not few_shot[tasks.source(name, row)])
    end
  end),

  ["excluded rows do not occur"] = each(function(name)
    local _, exclude = sources(name, tasks.rows(name, { count = 100, seed = 1 }))
    for _, row in ipairs(tasks.rows(name, { count = 100, seed = 1, exclude = exclude })) do
      assert(not exclude[tasks.source(name, row)])
    end
  end),

  ["the test set is fixed, 100 rows by default"] = each(function(name)
    local one = sources(name, tasks.test_rows(name))
    local two = sources(name, tasks.test_rows(name, 100))
    assert(#one == 100 and table.concat(one) == table.concat(two))
  end),

  ["an unknown task is an error that names the known ones"] = function()
    local ok, message = pcall(tasks.rows, "nli4", { count = 1, seed = 1 })
    assert(not ok and message:find "nli3", message)
  end,
}
