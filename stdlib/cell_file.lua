--- The function of cells in a file of its own: then an edit of the script's titles and tables does not change the hash of
--- its runs.
---
--- A file's name, "cell.lua", is that of a module beside the script; it returns the function.
---@param call string
---@param run function|string
---@return function
return function(call, run)
  if type(run) ~= "string" then return run end
  local stem = run:match "^(.*)%.lua$"
  local name = stem and stem:gsub("/", ".")
  if stem and (stem:find(".", 1, true) or stem:find "^/") then
    error(("%s: run: '%s' must be a file beside the script or in a folder below it, without '.' in its name"):format(call, run), 3)
  end
  if not name or not package.searchpath(name, package.path) then
    error(("%s: run: there is no file '%s' beside the script; write run = function(settings) ... end, or a file that "
      .. "returns such a function"):format(call, run), 3)
  end
  local found = require(name)
  if type(found) ~= "function" then
    error(("%s: run: '%s' returns a %s, not a function of settings"):format(call, run, type(found)), 3)
  end
  return found
end
