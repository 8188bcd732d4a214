return {
  ["compt is found from anywhere"] = function()
    assert(type(require "compt") == "table")
  end,
  ["a wrong module name is an error"] = function()
    assert(not pcall(require, "compt.no_such_module"))
  end,
}
