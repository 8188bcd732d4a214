--- `run = "cell.lua"`: the cell of a grid in a file of its own.
local compt = require "compt"
local small = require "tests.lua.small"

local function grid(run) return compt.ablate { name = "g", out = os.tmpname() .. "_grid", grid = { x = { 1, 2 } }, run = run } end

return {
  ["a file returns the function of the cells"] = function()
    local runs = grid "tests/lua/grid/cell.lua"
    assert(#runs == 2 and runs[1].average == 2 and runs[2].average == 4)
  end,

  ["a file that is not there, or not below the script, is refused"] = function()
    small.refused("there is no file 'nowhere.lua' beside the script", grid, "nowhere.lua")
    small.refused("there is no file 'cell' beside the script", grid, "cell")
    small.refused("returns a table, not a function", grid, "tests/lua/small.lua")
    for _, path in ipairs { "../cell.lua", "./cell.lua", "/cell.lua", "v1.2/cell.lua" } do
      small.refused(("'%s' must be a file beside the script"):format(path), grid, path)
    end
  end,
}
