local pretraining = require "compt.micro.pretraining"
local random = require "compt.micro.random"
local skills = require "compt.micro.skills"
local spans = require "compt.micro.spans"
local tokenizer = require "compt.micro.tokenizer"

local function flat(batch)
  local parts = { batch.kind }
  for i, source in ipairs(batch.source) do
    parts[#parts + 1] = table.concat(source, " ") .. " -> " .. table.concat(batch.target[i], " ")
  end
  return table.concat(parts, "\n")
end

local function run(seed, steps)
  local mixture, parts = pretraining.new { seed = seed, total_steps = steps }, {}
  for step = 1, steps do parts[step] = flat(mixture:batch(step)) end
  return table.concat(parts, "\n")
end

local function is_sentinel(id)
  return id >= tokenizer.size - tokenizer.sentinels
end

-- Puts the spans of a target back into its source.
local function restored(source, target)
  local stood_for, current = {}, nil
  for _, id in ipairs(target) do
    if is_sentinel(id) then
      current = {}
      stood_for[id] = current
    else
      current[#current + 1] = id
    end
  end
  local ids = {}
  for _, id in ipairs(source) do
    local span = is_sentinel(id) and stood_for[id] or { id }
    table.move(span, 1, #span, #ids + 1, ids)
  end
  return table.concat(ids, " ")
end

-- Share of sources that list options, among steps first .. last.
local function options_share(first, last, total)
  local mixture, option = pretraining.new { seed = 3, total_steps = total }, 0
  local id, count = tokenizer.encode("options")[1], 0
  for step = first, last do
    local batch = mixture:batch(step)
    for _, source in ipairs(batch.kind == "labelled" and batch.source or {}) do
      count = count + 1
      for _, token in ipairs(source) do option = option + (token == id and 1 or 0) end
    end
  end
  return option / count
end

return {
  ["batches are determined by the seed"] = function()
    local one = run(1, 30)
    assert(one == run(1, 30))
    assert(one ~= run(2, 30))
  end,

  ["one batch in five is for span corruption, all have 32 closed examples"] = function()
    local mixture = pretraining.new { seed = 1, total_steps = 50 }
    for step = 1, 50 do
      local batch = mixture:batch(step)
      assert(batch.kind == (step % 5 == 0 and "span" or "labelled"))
      assert(#batch.source == 32 and #batch.target == 32)
      for i = 1, 32 do
        assert(batch.source[i][#batch.source[i]] == tokenizer.eos)
        assert(batch.target[i][#batch.target[i]] == tokenizer.eos)
      end
    end
  end,

  ["examples of a batch have similar length"] = function()
    local mixture, spread, steps = pretraining.new { seed = 1, total_steps = 100 }, 0, 60
    for step = 1, steps do
      local shortest, longest = math.huge, 0
      for _, source in ipairs(mixture:batch(step).source) do
        shortest, longest = math.min(shortest, #source), math.max(longest, #source)
      end
      spread = spread + longest - shortest
    end
    assert(spread / steps < 8)
  end,

  ["spans and the remaining text are the whole text"] = function()
    local r = random.new(4)
    for length = 1, 80 do
      local ids = {}
      for i = 1, length do ids[i] = 100 + i end
      ids[length + 1] = tokenizer.eos
      local source, target = spans.corrupt(r, ids)
      assert(restored(source, target) == table.concat(ids, " "))
      for i = 2, #source do
        assert(not (is_sentinel(source[i]) and is_sentinel(source[i - 1])), "spans touch")
      end
    end
  end,

  ["a fifth of the tokens is in spans of one to three"] = function()
    local r, ids = random.new(5), {}
    for i = 1, 50 do ids[i] = 100 + i end
    ids[51] = tokenizer.eos
    local _, target = spans.corrupt(r, ids)
    local masked, run_length = 0, 0
    for _, id in ipairs(target) do
      run_length = not is_sentinel(id) and id ~= tokenizer.eos and run_length + 1 or 0
      masked = masked + (run_length > 0 and 1 or 0)
      assert(run_length <= 3)
    end
    assert(masked == 10)
  end,

  ["options are listed only after the turning point"] = function()
    assert(options_share(1, 100, 1000) == 0)
    local share = options_share(500, 600, 1000)
    assert(share > 0.06 and share < 0.16, share)
  end,

  ["the answer is one of the listed labels"] = function()
    for _, skill in ipairs { "follow3", "same", "mood" } do
      local options = { count = 200, seed = 1, options_rate = 1 }
      for _, example in ipairs(pretraining.skill_examples(skill, options)) do
        local listed = example[1]:match "options : (.*)$"
        assert((listed .. " "):find(example[2] .. " ", 1, true), example[1])
      end
    end
  end,

  ["label words of the tasks occur only as options"] = function()
    local reserved = {}
    for _, word in ipairs(skills.task_words) do reserved[word] = true end
    for _, skill in ipairs(skills.list) do
      for _, example in ipairs(pretraining.skill_examples(skill.name, { count = 300, seed = 2 })) do
        assert(not reserved[example[2]], example[2])
      end
    end
  end,

  ["the pool of options has 39 words"] = function()
    assert(#skills.option_words == 39)
  end,
}
