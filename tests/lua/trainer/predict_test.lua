--- Answers to new rows, compared with those of an evaluation.
local compt, torch = require "compt", require "compt.torch"
local micro = require "compt.micro.tasks"
local small = require "tests.lua.small"

--- The test rows of a micro task, without their labels.
local function rows(task, count)
  local list = {}
  for i, row in ipairs(micro.test_rows(task, count)) do
    local copy = {}
    for key, value in pairs(row) do copy[key] = key ~= "label" and value or nil end
    list[i] = copy
  end
  return list
end

local function trainer(method, options)
  options = options or {}
  options.method, options.steps = method, options.steps or 3
  options.tasks = options.tasks or small.tasks { tasks = { "nli2", "sentiment" } }
  return small.trainer(options)
end

--- Each prediction of new rows is that of the evaluation.
local function as_evaluated(t, options)
  local evaluated = t:evaluate("test", options)
  for _, task in ipairs { "nli2", "sentiment" } do
    local asked = { task = task, rows = rows(task, 6), batch = 4 }
    for key, value in pairs(options or {}) do asked[key] = value end
    local found = t:predict(asked)
    assert(#found == 6)
    for i, row in ipairs(evaluated.predictions[task]) do
      assert(found[i].source == row.source, found[i].source)
      assert(found[i].prediction == row.prediction, task .. ": " .. found[i].prediction .. ", not " .. row.prediction)
    end
  end
end

local trained = compt.trainer {
  backbone = compt.backbone("micro", { device = "cpu" }),
  tasks = compt.tasks("micro", { tasks = { "sentiment", "similarity" }, shots = 16, seed = 1, max_test = 24 }),
  method = compt.methods.ssum { sources = 2, length = 6 }, steps = 40, batch_size = 8, seed = 1, progress = false,
}
trained:run()

return {
  ["rows are predicted as an evaluation does"] = function()
    local result = trained:evaluate "test"
    for _, task in ipairs { "sentiment", "similarity" } do
      local found = trained:predict { task = task, rows = rows(task, 24) }
      for i, row in ipairs(result.predictions[task]) do
        assert(found[i].source == row.source and found[i].prediction == row.prediction)
      end
    end
  end,

  ["scores are probabilities of the label words"] = function()
    local found = trained:predict { task = "sentiment", text = "mia likes the song ." }
    local one = found[1]
    assert(#found == 1 and one.row.sentence == "mia likes the song ." and one.cut == nil)
    assert(math.abs(one.scores.positive + one.scores.negative - 1) < 1e-9)
    assert(one.score == one.scores[one.prediction])
    assert(one.score >= 0.5, "one of two words is decoded")
    assert(tostring(found):find "prediction" and tostring(found):find(one.prediction, 1, true), tostring(found))
    local number = trained:predict({ task = "similarity", rows = rows("similarity", 1) })[1]
    assert(number.scores == nil and number.score == nil and tonumber(number.prediction))
  end,

  ["lines, lists of lines and rows are the same"] = function()
    local function scores(options)
      options.task = "sentiment"
      local list = {}
      for i, one in ipairs(trained:predict(options)) do list[i] = one.scores.positive end
      return list
    end
    local a, b = "mia likes the song .", "bob hates it ."
    local both = scores { text = { a, b } }
    small.same(scores { rows = { { sentence = a }, { sentence = b } } }, both, 0)
    small.same(scores { rows = { a, { sentence = b, id = 3 } } }, both, 0)
    small.same(scores { text = { sentence = a } }, scores { text = a }, 0)
    local kept = trained:predict { task = "sentiment", rows = { { sentence = a, id = 3 } } }
    assert(kept[1].row.id == 3)
    assert(#trained:predict { task = "sentiment", rows = {} } == 0)
  end,

  ["parts of the composition answer as they are evaluated"] = function()
    local t = trainer(compt.methods.ssum { sources = 2, length = 3 })
    t:run()
    as_evaluated(t)
    as_evaluated(t, { only = "src0" })
    as_evaluated(t, { without = "private", weights = "as_learned", normalise = "sum" })
  end,

  ["every kind of method answers, also before the first step"] = function()
    for _, name in ipairs { "pt", "attempt", "lora", "fine_tuning", "smop" } do
      local backbone = name == "fine_tuning" and compt.backbone("micro", { device = "cpu" }) or nil
      local t = trainer(compt.methods[name] {}, { backbone = backbone, steps = 4 })
      as_evaluated(t)
      t:run()
      as_evaluated(t)
    end
  end,

  ["a single task need not be named"] = function()
    local t = trainer(compt.methods.pt { length = 3 }, { tasks = small.tasks { tasks = { "sentiment" } } })
    assert(t:predict({ text = "a song ." })[1].prediction)
    assert(t:generate({ text = "a song .", max_new_tokens = 3 })[1].tokens <= 3)
  end,

  ["a template that is a function reads rows"] = function()
    local function made(count)
      local list = {}
      for i = 1, count do list[i] = { a = "bob likes it .", b = i, label = i % 2 } end
      return list
    end
    local t = trainer(compt.methods.pt { length = 3 }, {
      tasks = compt.tasks { own = {
        template = function(row) return row.a .. " " .. row.b end, labels = { "no", "yes" },
        rows = { train = made(8), test = made(4) },
      } },
    })
    assert(t:predict({ rows = { { a = "x", b = 2 } } })[1].source == "x 2")
    small.refused("a function makes the text", t.predict, t, { text = "x" })
  end,

  ["what does not fit is refused"] = function()
    local function refused(text, options)
      small.refused(text, trained.predict, trained, options)
      small.refused(text, trained.generate, trained, options)
    end
    refused("did you mean 'sentiment'?", { task = "sentimnt", text = "a" })
    refused("the run has several tasks", { text = "a" })
    refused("set 'task' to one of: sentiment, similarity", { text = "a" })
    refused("option 'text' is missing", { task = "sentiment" })
    refused("set 'text' or 'rows', not both", { task = "sentiment", text = "a", rows = {} })
    refused("the text is empty", { task = "sentiment", text = "  " })
    refused("no text: 'sentence' is empty", { task = "sentiment", text = { sentence = "" } })
    refused("row 2: no text: 'sentence' is empty", { task = "sentiment", rows = { { sentence = "a" }, { sentence = " " } } })
    refused("did you mean 'sentence'?", { task = "sentiment", text = { sentense = "a" } })
    refused("unknown column 'id'", { task = "sentiment", text = { sentence = "a", id = 1 } })
    refused("row 2: no field 'sentence'", { task = "sentiment", rows = { { sentence = "a" }, { text = "b" } } })
    refused("the task reads ", { task = "similarity", text = "one line" })
    refused("expected a list of rows, got one row", { task = "sentiment", rows = { sentence = "a" } })
    refused("expected a list of rows, got a string", { task = "sentiment", rows = "a" })
    refused("expected a row by column, got a number", { task = "sentiment", rows = { 3 } })
    refused("'batch' must be at least 1", { task = "sentiment", text = "a", batch = 0 })
    refused("set 'only' or 'without'", { task = "sentiment", text = "a", only = "src0", without = "src1" })
    refused("unknown option 'texts'", { task = "sentiment", text = "a", texts = "b" })
    small.refused("it is called 'num_beams'", trained.generate, trained, { task = "sentiment", text = "a", beams = 4 })
    small.refused("it is called 'max_new_tokens'", trained.generate, trained,
      { task = "sentiment", text = "a", max_length = 4 })
    small.refused("'length_penalty' is for a beam search", trained.generate, trained,
      { task = "sentiment", text = "a", length_penalty = 2 })
    small.refused("unknown option 'num_beams'", trained.predict, trained, { task = "sentiment", text = "a", num_beams = 2 })
    local stream = compt.trainer {
      backbone = small.backbone(), method = compt.methods.pt { length = 2 }, steps = 1, progress = false,
      stream = function() return { source = { "a" }, target = { "b" } } end,
    }
    small.refused("this trainer reads a stream", stream.predict, stream, { text = "a" })
  end,

  ["long inputs are cut and say so"] = function()
    local t = trainer(compt.methods.pt { length = 3 }, { max_source_length = 8 })
    local found = t:predict { task = "sentiment", text = { ("mia likes the song . "):rep(8), "a song ." } }
    assert(found[1].cut == true and found[2].cut == nil)
  end,

  ["a generated text has the score of its tokens"] = function()
    local b, row = trained.backbone, rows("sentiment", 1)[1]
    for _, options in ipairs {
      { max_new_tokens = 6 }, { max_new_tokens = 5, num_beams = 3, length_penalty = 0.5, min_new_tokens = 2 },
    } do
      options.task, options.rows = "sentiment", { row, { sentence = "a song ." } }
      local found = trained:generate(options)
      local one = found[1]
      -- The same tokens, forced on the decoder of the backbone.
      local ids = b.tokenizer:encode(one.source)
      local text, last = b:embed { ids }, #ids
      local prompt = trained:prompt("sentiment"):unsqueeze(1)
      local source = torch.cat({ text[{ {}, { 1, last - 1 } }], prompt, text[{ {}, { last, last } }] }, 2)
      local generated = b:generate {
        inputs_embeds = source, max_new_tokens = options.max_new_tokens, min_new_tokens = options.min_new_tokens,
        num_beams = options.num_beams, length_penalty = options.length_penalty,
      }
      assert(generated.text[1] == one.text, generated.text[1] .. ", not " .. one.text)
      local made = generated.ids[1]
      assert(one.tokens == #made and #made <= options.max_new_tokens)
      local loss = b:forward({ inputs_embeds = source, labels = { made } }).loss:item()
      local score = -loss * #made / (#made) ^ (options.length_penalty or 1)
      assert(math.abs(one.score - score) < 1e-4, ("%.9g, not %.9g"):format(one.score, score))
      assert(tostring(found):find "score")
    end
  end,

  ["free text is generated as it is evaluated"] = function()
    local function made(from, to)
      local list = {}
      for i = from, to do list[#list + 1] = { text = "bob has " .. i .. " dogs .", label = "bob has dogs" } end
      return list
    end
    local t = trainer(compt.methods.pt { length = 3 }, {
      tasks = compt.tasks { facts = {
        fields = { "text" }, labels = "text", max_target_length = 6, generation = { num_beams = 2 },
        rows = { train = made(1, 8), test = made(9, 12) },
      } },
    })
    t:run()
    for _, options in ipairs { {}, { num_beams = 1 }, { num_beams = 3, length_penalty = 2, max_new_tokens = 4 } } do
      local evaluated = t:evaluate("test", options).predictions.facts
      options.rows = {}
      for i, row in ipairs(made(9, 12)) do options.rows[i] = { text = row.text } end
      for i, one in ipairs(t:generate(options)) do
        assert(one.text == evaluated[i].prediction, one.text .. ", not " .. evaluated[i].prediction)
      end
    end
    local found = t:predict { text = "bob has 9 dogs ." }
    assert(found[1].prediction == t:generate({ text = "bob has 9 dogs ." })[1].text and found[1].scores == nil)
  end,
}
