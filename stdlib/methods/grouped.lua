--- A hierarchy of tasks: a prompt [m, d] for each group of tasks, which its members share, and one for each task, in mixed
--- batches. Asked for in google-research/prompt-tuning, issue 306 ("Hierarchical task grouping"), without a published form;
--- this one is chosen here. `groups` is a table of name -> members; a member is the name of a task, or a group within it:
---
---     groups = { pairs = { "paraphrase", inference = { "nli2", "nli3" } }, opinions = { "sentiment" } }
---
--- The prompts on the way to a task, from the widest group to its own, are added (`join = "sum"`) or follow each other
--- ("concat"). `own = false`: tasks have no prompt of their own, only those of their groups; every task needs a group then.
local torch = require "compt.torch"
local library = require "compt.library"
local parts = require "compt.methods.parts"

--- The groups of each task, from the widest, and the names of all groups.
local function paths_of(groups, tasks)
  local paths, names, seen = {}, {}, {}
  local function walk(members, path)
    for key, member in sorted_pairs(members) do
      if type(member) == "table" then
        local name = tostring(key)
        if seen[name] then error(("grouped: two groups are called '%s'"):format(name), 0) end
        seen[name], names[#names + 1] = true, name
        local below = { table.unpack(path) }
        below[#below + 1] = name
        walk(member, below)
      else
        library.known("task", tostring(member), tasks, "compt.methods.grouped: groups")
        if paths[member] then error(("grouped: the task '%s' is in two groups"):format(member), 0) end
        if #path == 0 then error(("grouped: the task '%s' is in no group: write NAME = { \"%s\" }"):format(member, member), 0) end
        paths[member] = path
      end
    end
  end
  walk(groups, {})
  return paths, names
end

return require "compt.methods.define"("grouped", {
  placement = "prepend", init = "vocabulary", groups = {}, length = 20, own = true, join = "sum",
  lr = { group = 0.3, private = 0.3 },
}, function(method, setup)
  library.known("value", method.join, { "sum", "concat" }, "compt.methods.grouped: join")
  local paths, names = paths_of(method.groups, setup.tasks)
  if #names == 0 then error("grouped: 'groups' is empty: a table of name -> tasks, or -> groups in it", 0) end
  local of_group = parts.prompts(setup, "group", names, method.length)
  local own = method.own and parts.prompts(setup, "private", setup.tasks, method.length) or {}
  local depth ---@type integer?
  for _, task in ipairs(setup.tasks) do
    local path = paths[task] or {}
    if #path == 0 and not method.own then error(("grouped: the task '%s' is in no group, and has no prompt of its own"):format(task), 0) end
    if method.join == "concat" and #path ~= (depth or #path) then
      error(("grouped: with join = \"concat\" every task needs the same number of groups: '%s' has %d, not %d")
        :format(task, #path, depth), 0)
    end
    depth = #path
  end

  local function prompt(task)
    local list = {}
    for _, name in ipairs(paths[task] or {}) do list[#list + 1] = of_group[name] end
    if method.own then list[#list + 1] = own[task] end
    return method.join == "concat" and torch.cat(list, 1) or torch.stack(list):sum(1)
  end
  return { give = function(batch) return batch:each(prompt) end }
end)
