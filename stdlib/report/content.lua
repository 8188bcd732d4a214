--- What a page of runs shows: its sections as HTML, and the runs whose data its lower half draws.
local escape = require("compt.analysis.formats").escape
local overview = require "compt.report.overview"

--- As compt.Section; a part may be any value with a method `html`.
---@class compt.PageSection
---@field title string
---@field text string?
---@field parts any[]

---@param part any
---@return string
local function html_of(part)
  if type(part) == "string" then return ("<p>%s</p>"):format(escape(part)) end
  if part.svg then return "<figure class=\"drawn\">" .. part:svg() .. "</figure>" end
  return ("<div>%s</div>"):format(part:html())
end

---@param section compt.PageSection
---@return string
local function section_html(section)
  local out = { "<section>", ("<h2>%s</h2>"):format(escape(section.title)) }
  if section.text then out[#out + 1] = ("<p class=\"note\">%s</p>"):format(escape(section.text)) end
  for _, part in ipairs(section.parts) do out[#out + 1] = html_of(part) end
  out[#out + 1] = "</section>"
  return table.concat(out, "\n")
end

--- Default sections: see compt.report.overview.
---@param runs compt.Runs
---@param title string?
---@param sections compt.PageSection[]?
---@return table<string, any> -- what compt.library.write_page takes, without the path
return function(runs, title, sections)
  local paths, body = {}, {}
  for i, run in ipairs(runs) do paths[i] = run.path end
  for i, section in ipairs(sections or overview(runs)) do body[i] = section_html(section) end
  return { title = title or "Runs", made = os.date "!%Y-%m-%d %H:%M UTC", body = body, runs = paths }
end
