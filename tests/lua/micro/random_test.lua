local random = require "compt.micro.random"

local function draws(r, count)
  local list = {}
  for i = 1, count do list[i] = r:uniform() end
  return list
end

return {
  -- xoshiro256** from the state 1, 2, 3, 4: the first outputs of its authors' reference code.
  ["the reference sequence"] = function()
    local r = setmetatable({ 1, 2, 3, 4 }, random)
    for _, expected in ipairs { 11520, 0, 1509978240, 1215971899390074240 } do
      assert(r:next() == expected)
    end
  end,

  -- splitmix64 from 0 begins with this number.
  ["the reference seeding"] = function()
    assert(random.new(0)[1] == 0xe220a8397b1dcdaf)
  end,

  ["the same seed gives the same numbers, another seed or stream others"] = function()
    local one = table.concat(draws(random.new(7, "a"), 5), " ")
    assert(one == table.concat(draws(random.new(7, "a"), 5), " "))
    assert(one ~= table.concat(draws(random.new(8, "a"), 5), " "))
    assert(one ~= table.concat(draws(random.new(7, "b"), 5), " "))
  end,

  ["integers are uniform and within their bounds"] = function()
    local r, counts = random.new(1), { 0, 0, 0, 0, 0, 0 }
    for _ = 1, 6000 do
      local n = r:integer(1, 6)
      counts[n] = counts[n] + 1
    end
    for _, count in ipairs(counts) do assert(count > 880 and count < 1120) end
  end,

  ["weights are respected"] = function()
    local r, often = random.new(2), 0
    for _ = 1, 4000 do
      if r:weighted { { "often", 3 }, { "never", 0 }, { "seldom", 1 } } == "often" then
        often = often + 1
      end
    end
    assert(math.abs(often / 4000 - 0.75) < 0.03)
  end,

  ["shuffling keeps every item"] = function()
    local list = random.new(3):shuffle { 1, 2, 3, 4, 5, 6, 7, 8 }
    assert(table.concat(list) ~= "12345678")
    table.sort(list)
    assert(table.concat(list) == "12345678")
  end,

  ["a seed that is not an integer is an error"] = function()
    assert(not pcall(random.new, "one"))
    assert(not pcall(random.new, nil))
  end,
}
