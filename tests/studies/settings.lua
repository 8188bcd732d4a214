--- The declared settings of each study at full size against those of the paper (its sections 3.2 and 4 to 6, the captions of its
--- tables and figures, and appendix A).
package.path = "scripts/?.lua;" .. package.path
package.loaded["paper.rates"] = function() return 1 end
local paper = require "paper.study"

local ALL = { "mcat", "msum", "ssum" }
local SEEDS = { 1, 2, 3 }
local COUNTS = { 1, 2, 3, 5, 7, 10 }

--- Setting -> its values in the cells of a study; `runs` is the number of cells. A setting that is not named has one value, in
--- all of them that of COMMON.
local COMMON = {
  backbone = { "t5-base" }, tasks = { "glue" }, epochs = { 30 }, batch_size = { 16 }, seed = SEEDS, weights = { "learned" },
  per = { "task" }, length = true,
}

local WANTED = {
  table1 = { runs = 36, method = { "mcat", "msum", "pt", "ssum" }, shots = { 8, 16, 32 }, sources = { 3 } },
  table2 = { runs = 36, tasks = { "set2" }, method = { "mcat", "msum", "pt", "ssum" }, shots = { 8, 16, 32 }, sources = { 3 } },
  table3 = { runs = 9, method = ALL, shots = { 5000 }, sources = { 3, 10 }, weights = { "learned" }, epochs = { 5 } },
  table4 = {
    runs = 9, tasks = { "set2" }, method = ALL, shots = { 5000 }, sources = { 3, 9, 10 },
    weights = { "constant", "learned" }, epochs = { 5 },
  },
  table5 = { runs = 3, method = { "ssum" }, shots = { 16 }, sources = { 1 } },
  table6 = { runs = 3, method = { "ssum" }, shots = { 16 }, sources = { 1 } },
  tableA1 = { runs = 3, method = { "ssum" }, shots = { 16 }, sources = { 1 } },
  table7 = { runs = 18, tasks = { "set2" }, method = ALL, shots = { 16 }, sources = { 3 }, added = { "glue.mnli" } },
  table8 = {
    runs = 21, method = { "attempt", "attempt-m", "fine-tuning", "mpt", "pt", "spot", "ssum" }, shots = { 5000 },
    sources = { 10 }, epochs = { 5 }, scale = { 1 }, max_test = { 5000 },
  },
  fig2 = { runs = 108, tasks = { "glue", "set2" }, method = ALL, shots = { 8 }, sources = COUNTS },
  fig3 = { runs = 18, tasks = { "glue", "set2" }, method = { "ssum" }, shots = { 16 }, sources = { 1, 2, 3 } },
  fig4 = { runs = 18, method = { "mcat", "msum" }, shots = { 16 }, sources = { 1, 2, 3 } },
  fig5 = {
    runs = 54 + 108, method = ALL, shots = { 8, 16, 32 }, sources = COUNTS, weights = { "constant", "learned" },
  },
  fig6 = { runs = 6, tasks = { "set2" }, method = { "ssum" }, shots = { 16 }, sources = { 2 }, weights = { "constant", "learned" } },
  fig7 = {
    runs = 72, method = ALL, shots = { 16 }, sources = { 3 }, source_lr = { 0.05 }, private_lr = { 0.01, 0.02, 0.05, 0.1 },
    epochs = { 30, 50 },
  },
  figA1 = { runs = 3, method = { "ssum" }, shots = { 16 }, sources = { 1 }, transfer = { "true" } },
  figA2 = {
    runs = 12, method = { "msum" }, shots = { 16 }, sources = { 3 }, source_lr = { 0.05 },
    private_lr = { 0.01, 0.02, 0.05, 0.1 }, epochs = { 50 },
  },
}

--- The values of a setting in some cells, sorted.
local function values(cells, name)
  local known, found = {}, {}
  for _, cell in ipairs(cells) do
    local value = cell[name]
    if value ~= nil and not known[value] then known[value], found[#found + 1] = true, value end
  end
  table.sort(found)
  for i, value in ipairs(found) do found[i] = tostring(value) end
  return found
end

local o = paper.options()
for name, wanted in sorted_pairs(WANTED) do
  local cells = require(name).cells(o)
  assert(#cells == wanted.runs, ("%s: %d runs, not %d"):format(name, #cells, wanted.runs))
  for _, layer in ipairs { COMMON, wanted } do
    for key, list in pairs(layer) do
      if key ~= "runs" and list ~= true and (layer == wanted or wanted[key] == nil) then
        local found = table.concat(values(cells, key), " ")
        assert(found == table.concat(list, " "), ("%s: %s is %s"):format(name, key, found))
      end
    end
  end
  for _, cell in ipairs(cells) do
    for key in pairs(cell) do assert(COMMON[key] or wanted[key], ("%s: %s is set"):format(name, key)) end
  end
  -- 20 tokens, and 10 for MCAT.
  for _, cell in ipairs(cells) do assert(cell.length == (cell.method == "mcat" and 10 or 20), name) end
end

--- The different values of two settings in the cells of a study that have some others.
local function found(name, where, ...)
  local own = {}
  for _, cell in ipairs(require(name).cells(o)) do
    local fits = true
    for key, value in pairs(where) do fits = fits and cell[key] == value end
    if fits then own[#own + 1] = cell end
  end
  local parts = {}
  for i, key in ipairs { ... } do parts[i] = table.concat(values(own, key), " ") end
  return table.concat(parts, "; "), #own
end

for _, case in ipairs {
  { "10; learned", "table3", { method = "msum" } }, { "10; learned", "table3", { method = "ssum" } },
  { "3; learned", "table3", { method = "mcat" } }, { "9; learned", "table4", { method = "msum" } },
  { "10; learned", "table4", { method = "ssum" } }, { "3; constant", "table4", { method = "mcat" } },
  { "10; learned", "table8", { method = "ssum" } }, { "3; constant learned", "fig5", { shots = 8, method = "msum" } },
  { "2; constant learned", "fig5", { shots = 32, method = "mcat" } },
  { "2; constant learned", "fig5", { shots = 8, method = "ssum" } },
} do
  local text = found(case[2], case[3], "sources", "weights")
  assert(text == case[1], ("%s: %s"):format(case[2], text))
end
local _, with = found("table7", { added = "glue.mnli" })
assert(with == 9, "table 7: MNLI is added to half of the runs")

-- No study takes the runs of another one.
local all = {}
for name in sorted_pairs(WANTED) do paper.joined(all, require(name).cells(o)) end
local known, runs = {}, {}
for _, settings in ipairs(all) do
  local parts = {}
  for key, value in sorted_pairs(settings) do parts[#parts + 1] = key .. "=" .. tostring(value) end
  local key = table.concat(parts, " ")
  if not known[key] then known[key], runs[#runs + 1] = true, { settings = settings, path = key } end
end
function runs.where(list, fits)
  local own = {}
  for _, run in ipairs(list) do own[#own + 1] = fits(run) and run or nil end
  return own
end
for name, wanted in sorted_pairs(WANTED) do
  local cells = require(name).cells(o)
  local own = paper.runs_of(runs --[[@as compt.Runs]], cells)
  -- The two rows of figure 5 share some.
  assert(#own == wanted.runs or name == "fig5" and #own < wanted.runs, ("%s: %d runs"):format(name, #own))
end
print "as in the paper"
