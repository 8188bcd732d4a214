--- The rows of each step with accumulated batches, as in the Trainer of transformers.
local compt = require "compt"
local small = require "tests.lua.small"

local function rows_of_steps(rows, batch_size, accumulate, epochs, changes)
  local options = {
    backbone = small.backbone(), tasks = small.tasks { tasks = { "nli2" }, shots = rows }, progress = false, seed = 1,
    method = compt.methods.ssum { sources = 2, length = 3 }, batch_size = batch_size, accumulate = accumulate, epochs = epochs,
  }
  for key, value in pairs(changes or {}) do options[key] = value end
  local t, found = compt.trainer(options), {}
  while t.steps < t.total_steps do found[#found + 1] = t:step().tasks.nli2 end
  return found
end

return {
  ["an epoch ends with a step: no more passes over the rows than epochs"] = function()
    for _, case in ipairs(require "tests.lua.trainer.accumulated") do
      local rows, batch_size, accumulate, epochs, expected = table.unpack(case)
      local found = rows_of_steps(rows, batch_size, accumulate, epochs)
      local name = table.concat(case, " ", 1, 4)
      assert(table.concat(found, " ") == table.concat(expected, " "), name .. ": " .. table.concat(found, " "))
    end
  end,

  ["rows that are drawn by task weights are not more"] = function()
    local found = rows_of_steps(24, 4, 4, 2, { control = { task_weights = { nli2 = 1 } } })
    assert(table.concat(found, " ") == "16 8 16 8", table.concat(found, " "))
  end,
}
