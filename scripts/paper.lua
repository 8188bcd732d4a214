--- All tables and figures of the paper, and one report. Runs with equal settings are made once.
---
---     compt run scripts/paper.lua --jobs 2
---     compt run scripts/paper.lua --jobs 2 --set studies=table1,fig2
---     compt run scripts/paper.lua --dry-run
---
--- Runs go below runs/paper (or --out), tables and figures to pages/, all of them together to pages/paper.md and
--- pages/paper.html. If it is stopped, start it again to continue.
local compt = require "compt"
local paper = require "paper.study"

local ALL = {
  "table1", "table2", "table3", "table4", "table5", "table6", "table7", "table8", "tableA1", "fig2", "fig3", "fig4",
  "fig5", "fig6", "fig7", "figA1", "figA2",
}

---@type paper.Study[]
local studies = {}
for name in (compt.args.studies or table.concat(ALL, ",")):gmatch "[^,]+" do
  studies[#studies + 1] = require(name)
end

local o = paper.options()
for _, one in ipairs(studies) do paper.check(o, one) end

--- The runs of the studies that need a search, or of those that need none, made together.
---@param name string
---@param searches boolean
---@return compt.Runs?
local function made(name, searches)
  local cells = {}
  for _, one in ipairs(studies) do
    if (one.searches or false) == searches then paper.joined(cells, one.cells(o)) end
  end
  return #cells > 0 and paper.ablate(name, cells) or nil
end

local runs, searched = made("paper", false), made("searched", true)
local sections = {}
local text = { "# ComPT on " .. o.backbone .. "\n" } ---@type string[]
if o.tasks == "micro" then
  text[2] = "Titles name the task sets of the paper. These runs are of the micro tasks in their place: `micro` for GLUE, "
    .. "`micro_set2` for SET2.\n"
end
for _, one in ipairs(studies) do
  local own = one.searches and searched or runs --[[@as compt.Runs]]
  local parts = one.show(paper.runs_of(own, one.cells(o)), o)
  text[#text + 1] = paper.write(one, parts)
  sections[#sections + 1] = { title = one.title, text = "", parts = parts }
end
local all = (runs or searched) --[[@as compt.Runs]]
paper.file("paper.md", table.concat(text, "\n"))
local page = paper.pages() .. "/paper.html"
compt.report.page { path = page, title = "ComPT on " .. o.backbone, sections = sections, runs = all }
if all ~= searched and searched then print(searched) end
print(all)
print(page)
