--- One HTML file of tables, figures and runs.
local arguments = require "compt.arguments"
local content = require "compt.report.content"
local library = require "compt.library"

local a_list = arguments.sequence

local RULES = {
  { "path", arguments.name }, { "runs", a_list }, { "title", arguments.optional(arguments.name) },
  { "sections", arguments.optional(a_list) },
}

--- Writes the page and returns its path.
---@param given compt.PageOptions
---@return string
return function(given)
  local o = arguments.options("compt.report.page", given, RULES)
  local page = content(o.runs, o.title, o.sections)
  page.path = o.path
  library.write_page(page)
  return o.path
end
