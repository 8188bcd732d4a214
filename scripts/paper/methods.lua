--- The methods of table 8 and compare.lua by name. Each takes the settings of a cell: `scale` multiplies its default
--- learning rates, `length` is the length of its prompts.
local compt = require "compt"

local m = compt.methods

---@param s table<string, any>
---@return compt.Method
local function composed(s)
  local declare = m[s.method] --[[@as fun(options: compt.MethodOptions): compt.Method]]
  local router = s.weights == "constant" and "constant" or "relaxed_bernoulli"
  local lr = { private = s.private_lr, source = s.source_lr }
  return declare { sources = s.sources, length = s.length, router = router, lr = lr }
end

---@type table<string, fun(s: table<string, any>): compt.Method>
local makers = {
  pt = function(s) return m.pt { length = s.length, lr = { private = s.private_lr } } end,
  ["pt-m"] = function(s) return m.pt { alone = false, length = s.length } end,
  ssum = composed, msum = composed, mcat = composed,
  ["mcat-sigmoid"] = function(s) return m.mcat { length = s.length, router = { eval = "softmax_sigmoid" } } end,
  ["fine-tuning"] = function() return m.fine_tuning {} end,
  ["fine-tuning-m"] = function() return m.fine_tuning { shared = true } end,
  spot = function(s) return m.spot { length = s.length } end,
  ["spot-best"] = function(s) return m.spot { retrieve = "best", length = s.length } end,
  ["spot-avg"] = function(s) return m.spot { retrieve = "average", length = s.length } end,
  attempt = function(s) return m.attempt { length = s.length } end,
  ["attempt-m"] = function(s) return m.attempt { length = s.length, shared = true } end,
  mpt = function(s) return m.mpt { length = s.length } end,
  mp2 = function(s) return m.mp2 { length = s.length } end,
  ["p-tuning"] = function(s) return m.p_tuning { length = s.length } end,
  prefix = function(s) return m.prefix_tuning { length = s.length } end,
  lora = function() return m.lora {} end,
  adapters = function() return m.adapters {} end,
  bitfit = function() return m.bitfit {} end,
  dept = function() return m.dept {} end,
  adept = function() return m.adept {} end,
  ulpt = function(s) return m.ulpt { length = s.length } end,
  residual = function(s) return m.residual { length = s.length } end,
  smop = function() return m.smop {} end,
  hpt = function() return m.hpt {} end,
  lopa = function(s) return m.lopa { length = s.length } end,
  mean = function(s) return m.mixed { mix = "mean", length = s.length } end,
  max = function(s) return m.mixed { mix = "max", length = s.length } end,
  concat = function(s) return m.mixed { mix = "concat", length = s.length } end,
  mixer = function(s) return m.mixed { mix = "linear", share = "learned", length = s.length } end,
}

local methods = {}

--- The names, sorted.
---@return string[]
function methods.names()
  local names = {}
  for name in sorted_pairs(makers) do names[#names + 1] = name end
  return names
end

--- The method of a cell.
---@param s table<string, any>
---@return compt.Method
function methods.of(s)
  local maker = makers[s.method]
  if not maker then
    error(("there is no method '%s'; known: %s"):format(s.method, table.concat(methods.names(), ", ")), 0)
  end
  local method = maker(s) --[[@as table<string, any>]]
  local scale = s.scale or 1
  for group, rate in pairs(method.lr or {}) do method.lr[group] = rate * scale end
  -- The rate of MP2's first stage.
  if type(method.pretrain) == "number" then method.pretrain = method.pretrain * scale end
  return method --[[@as compt.Method]]
end

return methods
