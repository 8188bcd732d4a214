--- The figure by which trials are compared, in what their function returns.
local library = require "compt.library"

local objective = {}

--- Refuses an objective on other rows than validation rows.
---@param call string
---@param name string
function objective.check(call, name)
  local first = name:match "^%a+"
  if first == "test" or first == "train" then
    error(("%s: objective = %q: a search chooses on validation rows, not on %s rows"):format(call, name, first), 0)
  end
end

--- The number in the return value of a trial: the value itself, or the field with this name, where `scores.nli2.accuracy` is
--- a field of a field.
---@param values any
---@param name string
---@return number?
function objective.value(values, name)
  if type(values) == "number" then return values end
  for key in name:gmatch "[^.]+" do
    if type(values) ~= "table" then return nil end
    values = values[key]
  end
  return type(values) == "number" and values == values and values or nil
end

--- The split that was evaluated, if the trial returned the result of an evaluation.
---@return string?
function objective.split(values) return type(values) == "table" and type(values.split) == "string" and values.split or nil end

--- Checks what a trial returns. What every other trial would return, too, ends the search.
---@param values any
---@param name string
function objective.returned(values, name)
  local split = objective.split(values)
  if split and split ~= "validation" then
    library.refuse_trials(('run returned an evaluation of %s rows: a search chooses on validation rows: return t:evaluate "validation"'):format(split))
  end
  if objective.value(values, name) then return values end
  local found = values
  for key in name:gmatch "[^.]+" do found = type(found) == "table" and found[key] or nil end
  if type(found) == "number" or type(values) == "number" then error(("the objective '%s' is not a number (nan)"):format(name), 0) end
  local fields = {}
  for key in pairs(type(values) == "table" and values or {}) do fields[#fields + 1] = tostring(key) end
  table.sort(fields)
  local what = ("run returned no number '%s', which is the objective"):format(name)
  local hint = type(values) == "table" and "it returned a table with: " .. table.concat(fields, ", ")
    or ("it returned %s"):format(values == nil and "nothing" or "a " .. type(values))
  library.refuse_trials(("%s; %s"):format(what, hint))
end

return objective
