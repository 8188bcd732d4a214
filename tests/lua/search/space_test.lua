local compt, small = require "compt", require "tests.lua.small"
local space = require "compt.search.space"
local tests = {}

local function read(given, settings) return space.read("compt.search", given, settings or {}) end

local function refused(text, given, settings) small.refused(text, read, given, settings) end

function tests.what_is_no_list_and_no_range_is_refused()
  refused("space is empty", {})
  refused("space.lr must be a list of values, or a range such as", { lr = 0.1 })
  refused("got 0.1; a fixed value belongs into 'settings'", { lr = 0.1 })
  refused("space.lr is empty", { lr = {} })
  refused("space.lr is a range: 'high' must be a number, got nil", { lr = { low = 1 } })
  refused("space.lr is a range: 'low' must be a number, got \"1\"", { lr = { low = "1", high = 2 } })
  refused("space.lr is a range: 'high' must be a number, got inf", { lr = { low = 1, high = math.huge } })
  refused("space.lr is empty: low = 2 is not below high = 2", { lr = { low = 2, high = 2 } })
  refused("low = 0 must be above 0", { lr = { low = 0, high = 1, log = true } })
  refused("low and high must be whole", { n = { low = 1, high = 2.5, whole = true } })
  refused("space.lr.log must be true or false, got 10", { lr = { low = 1, high = 2, log = 10 } })
  refused("space.m has the value \"a\" twice", { m = { "a", "b", "a" } })
  refused("space.m has a value that is not plain data", { m = { compt.search } })
  refused("space has names of settings for keys, got 1", { { 1, 2 } })
  refused("space.lr is in 'settings', too", { lr = { 1, 2 } }, { lr = 1 })
  refused("space.budget is the share of a full run", { budget = { 1, 2 } })
end

function tests.a_wrong_key_names_the_nearest_one()
  refused("space.lr: unknown key 'step'", { lr = { low = 1, high = 2, step = 1 } })
  refused("space.lr: unknown key 'whol'", { lr = { low = 1, high = 2, whol = true } })
  refused("space.lr, which is neither a list nor a range", { lr = { hi = 2, lo = 1 } })
end

function tests.points_depend_on_the_seed_only_and_a_longer_list_begins_with_a_shorter_one()
  local dimensions = read { lr = { low = 1e-3, high = 1, log = true }, n = { 10, 20 }, k = { low = 1, high = 9, whole = true } }
  local long, short = space.draw(dimensions, 40, 7), space.draw(dimensions, 5, 7)
  for i, point in ipairs(short) do
    for name, value in pairs(point) do assert(long[i][name] == value) end
  end
  assert(space.draw(dimensions, 1, 8)[1].lr ~= long[1].lr)
  local below = 0
  for _, point in ipairs(long) do
    assert(point.lr >= 1e-3 and point.lr <= 1 and (point.n == 10 or point.n == 20))
    assert(point.k >= 1 and point.k <= 9 and math.type(point.k) == "integer")
    assert(point.lr == tonumber(("%.4g"):format(point.lr)))
    below = below + (point.lr < 0.0316 and 1 or 0)
  end
  assert(below > 10 and below < 30, "half of a logarithmic range is below its geometric mean")
end

function tests.a_small_space_is_tried_whole()
  local dimensions = read { a = { "x", "y" }, b = { low = 1, high = 3, whole = true } }
  assert(space.size(dimensions) == 6)
  local seen = {}
  for _, point in ipairs(space.draw(dimensions, 6, 1)) do seen[point.a .. point.b] = true end
  for _, name in ipairs { "x1", "x2", "x3", "y1", "y2", "y3" } do assert(seen[name], name) end
  local all = space.all(dimensions)
  assert(#all == 6 and all[2].a == "x" and all[2].b == 2)
  -- A range with two numbers of 4 significant digits.
  assert(#space.draw(read { a = { low = 1, high = 1.001 } }, 5, 1) == 2)
end

return tests
