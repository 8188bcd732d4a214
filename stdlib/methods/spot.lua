--- SPoT (Vu et al. 2022): prompts [m, d] of source tasks initialise the prompts of target tasks, which are then trained
--- separately, as in prompt tuning.
---
--- `retrieve = false`: one prompt trained on all source tasks. `retrieve = "best"`: one prompt per source task; each target
--- takes the most similar one, by the cosine of the mean rows of the prompts after a first training of the target.
--- `retrieve = "average"`: the mean of the `top` most similar ones, weighted by their cosines. Source tasks are `from`, or
--- the target tasks.
---
--- The one prompt of the mixture is told the task by its prefix (`prefix`, which is on with `retrieve = false`), and the
--- target tasks keep it. Prompts of single tasks need none.
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

--- @param p torch.Tensor
--- @param q torch.Tensor
local function cosine(p, q)
  local a, b = p:mean(1), q:mean(1)
  return (torch.sum(a * b) / (torch.norm(a) * torch.norm(b))):item()
end

--- @param own torch.Tensor
--- @param sources table<string, torch.Tensor>
local function retrieved(own, sources, names, count)
  local found = {}
  for i, name in ipairs(names) do
    found[i] = { prompt = sources[name], likeness = cosine(own, sources[name]) }
  end
  table.sort(found, function(x, y) return x.likeness > y.likeness end)
  local total, list = 0.0, {}
  for i = 1, math.min(count, #found) do
    -- Prompts with a negative cosine are excluded, except the best one.
    local weight = math.max(found[i].likeness, i == 1 and 1e-6 or 0)
    total, list[i] = total + weight, found[i].prompt * weight
  end
  return torch.stack(list):sum(1) / total
end

local make = require "compt.methods.define"("spot", {
  placement = "prepend", init = "vocabulary", from = false, length = 20, retrieve = false, top = 3, lr = { source = 0.3, private = 0.3 },
}, function(method, setup)
  if method.retrieve then
    require("compt.library").known("value", method.retrieve, { "best", "average" }, "compt.methods.spot: retrieve")
  end
  local names = setup.from or setup.tasks
  local sources = method.retrieve and names or { "mixture" }
  local source = parts.prompts(setup, "source", sources, method.length)
  local private = parts.prompts(setup, "private", setup.tasks, method.length)

  local function of_private(batch)
    return batch:each(function(task) return private[task] end)
  end
  local of_source = function(batch)
    return batch:each(function(task) return source[task] or source.mixture end)
  end

  local probe, begin
  if method.retrieve then
    local count = method.retrieve == "average" and method.top or 1
    probe = { name = "probe", alone = true, share = 0.25, train = { "private" }, give = of_private }
    begin = function()
      for _, task in ipairs(setup.tasks) do
        parts.assign(private[task], retrieved(private[task], source, names, count))
      end
    end
  else
    begin = function()
      for _, task in ipairs(setup.tasks) do parts.assign(private[task], source.mixture) end
    end
  end
  local first = { name = "source", from = true, alone = method.retrieve and true or false,
    share = probe and 0.25 or 0.5, train = { "source" }, give = of_source }
  local last = { name = "target", alone = true, share = 0.5, train = { "private" }, begin = begin,
    give = of_private }
  return { stages = probe and { first, probe, last } or { first, last } }
end)

return function(...)
  local method = make(...)
  if method.prefix == nil then method.prefix = not method.retrieve end
  return method
end
