--- One HTML file of tables, figures and runs.
local arguments = require "compt.arguments"
local escape = require("compt.analysis.formats").escape
local library = require "compt.library"
local overview = require "compt.report.overview"

local a_list = arguments.sequence

local RULES = {
  { "path", arguments.name }, { "runs", a_list }, { "title", arguments.optional(arguments.name) },
  { "sections", arguments.optional(a_list) },
}

---@param part compt.ResultTable|compt.Figure|string
---@return string
local function html_of(part)
  if type(part) == "string" then return ("<p>%s</p>"):format(escape(part)) end
  if part.svg then return "<figure>" .. part:svg() .. "</figure>" end
  return part:html()
end

---@param section compt.Section
---@return string
local function section_html(section)
  local out = { "<section>", ("<h2>%s</h2>"):format(escape(section.title)) }
  if section.text then out[#out + 1] = ("<p class=\"note\">%s</p>"):format(escape(section.text)) end
  for _, part in ipairs(section.parts) do out[#out + 1] = html_of(part) end
  out[#out + 1] = "</section>"
  return table.concat(out, "\n")
end

--- Writes the page and returns its path. Default sections: see compt.report.overview.
---@param given compt.PageOptions
---@return string
return function(given)
  local o = arguments.options("compt.report.page", given, RULES)
  local paths, title = {}, o.title or "Runs"
  for i, run in ipairs(o.runs) do paths[i] = run.path end
  local body = {}
  for i, section in ipairs(o.sections or overview(o.runs)) do body[i] = section_html(section) end
  library.write_page {
    path = o.path, title = title, made = os.date "!%Y-%m-%d %H:%M UTC", body = table.concat(body, "\n"), runs = paths,
  }
  return o.path
end
