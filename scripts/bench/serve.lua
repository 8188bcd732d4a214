--- Runs commands from standard input, one per line: `commands[name](argument)` returns a table of numbers, which is written
--- as one line of `key=value` pairs.
local function answer(numbers)
  local pairs_of = {}
  for key, value in sorted_pairs(numbers or {}) do
    pairs_of[#pairs_of + 1] = ("%s=%.17g"):format(key, value)
  end
  io.write(table.concat(pairs_of, " "), "\n")
  io.flush()
end

return function(commands)
  answer {}
  for line in io.lines() do
    local name, argument = line:match "^(%S+)%s*(.*)$"
    answer(commands[name](argument))
  end
end
