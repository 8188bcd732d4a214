--- The function of a trial, with checks of what it reads and returns.
local library = require "compt.library"
local objective = require "compt.search.objective"

local trial = {}

--- The settings of a trial, which notice what is read of the space.
---@param given table<string, any>
---@param searched table<string, boolean>
---@return table<string, any> settings
---@return table<string, boolean> unread
local function watched(given, searched)
  local settings, unread, hidden = {}, {}, {}
  for name, value in pairs(given) do
    if searched[name] then
      hidden[name], unread[name] = value, true
    else
      settings[name] = value
    end
  end
  local function reveal(name)
    rawset(settings, name, hidden[name])
    unread[name] = nil
    return hidden[name]
  end
  return setmetatable(settings, {
    __index = function(_, name)
      if hidden[name] ~= nil then return reveal(name) end
      local names = {}
      for other in pairs(unread) do names[#names + 1] = other end
      table.sort(names)
      local near = type(name) == "string" and library.nearest(name, names)
      if near then
        library.refuse_trials(("run reads the setting '%s', and the space has '%s'"):format(name, near))
      end
    end,
    __pairs = function(t)
      for name in pairs(hidden) do reveal(name) end
      return next, t, nil
    end,
  }), unread
end

--- `run` of a search as a function of the settings of a cell. It ends the search if a setting of the space is never read or
--- the objective is not returned.
---@param dimensions compt.SearchDimension[]
---@return fun(settings: table<string, any>): any
function trial.wrapped(o, dimensions)
  local searched = {}
  for _, d in ipairs(dimensions) do searched[d.name] = true end
  return function(given)
    local settings, unread = watched(given, searched)
    local values = o.run(settings)
    local name = sorted_pairs(unread)()
    if name then
      local text = "run never reads the setting '%s' of the space, so that its values make no difference"
      library.refuse_trials(text:format(name))
    end
    return objective.returned(values, o.objective)
  end
end

return trial
