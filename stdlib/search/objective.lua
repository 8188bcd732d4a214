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

--- What a trial returned under this name, where `scores.nli2.accuracy` is a field of a field; a number is itself the
--- objective.
local function figure(values, name)
  if type(values) == "number" then return values end
  for key in name:gmatch "[^.]+" do
    if type(values) ~= "table" then return nil end
    values = values[key]
  end
  return values
end

--- The objective in the return value of a trial; nil if it is not a number.
---@param values any
---@param name string
---@return number?
function objective.value(values, name)
  local found = figure(values, name)
  return type(found) == "number" and found == found and found or nil
end

--- The split that was evaluated, if the trial returned the result of an evaluation.
---@return string?
function objective.split(values)
  local split = type(values) == "table" and values.split
  return type(split) == "string" and split or nil
end

--- Checks what a trial returns. What every other trial would return, too, ends the search.
---@param values any
---@param name string
function objective.returned(values, name)
  local split = objective.split(values)
  if split and split ~= "validation" then
    local text = 'run returned an evaluation of %s rows, and a search chooses on validation rows: t:evaluate "validation"'
    library.refuse_trials(text:format(split))
  end
  local found = figure(values, name)
  if type(found) == "number" and found == found then return values end
  if type(found) == "number" then error(("the objective '%s' is not a number (nan)"):format(name), 0) end
  local returned = values == nil and "nothing" or "a " .. type(values)
  if type(values) == "table" then
    local fields = {}
    for key in pairs(values) do fields[#fields + 1] = tostring(key) end
    table.sort(fields)
    returned = "a table with: " .. table.concat(fields, ", ")
  end
  local text = "run returned no number '%s', which is the objective; it returned %s"
  library.refuse_trials(text:format(name, returned))
end

return objective
