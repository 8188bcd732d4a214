--- Span corruption (T5): spans of the text are replaced by sentinels in the source, and the target
--- lists each sentinel with the tokens that it replaces, and ends with one more sentinel.
local tokenizer = require "compt.micro.tokenizer"

local spans = {}

--- Share of the tokens that go into spans, and the longest span.
spans.share = 0.2
spans.longest = 3

-- Lengths of spans that add up to `total`.
local function lengths(r, total)
  local list = {}
  while total > 0 do
    local length = math.min(total, r:integer(1, spans.longest))
    list[#list + 1] = length
    total = total - length
  end
  return list
end

-- Which gaps between the kept tokens hold a span: gap -> true. Two spans never touch.
local function gaps(r, kept, wanted)
  local order = {}
  for gap = 0, kept do order[gap + 1] = gap end
  r:shuffle(order)
  local chosen = {}
  for i = 1, wanted do chosen[order[i]] = true end
  return chosen
end

--- Corrupts a list of ids (with the final 1). Returns source and target, both ending with 1.
function spans.corrupt(r, ids)
  local count = #ids - 1
  local masked = math.max(1, math.floor(spans.share * count + 0.5))
  local list = lengths(r, masked)
  local chosen = gaps(r, count - masked, #list)
  local source, target = {}, {}
  local at, used = 1, 0
  for gap = 0, count - masked do
    if chosen[gap] then
      local sentinel = tokenizer.sentinel(used)
      used = used + 1
      source[#source + 1], target[#target + 1] = sentinel, sentinel
      local length = assert(list[used])
      table.move(ids, at, at + length - 1, #target + 1, target)
      at = at + length
    end
    source[#source + 1] = ids[at] -- after the last gap: the final 1
    at = at + 1
  end
  target[#target + 1] = tokenizer.sentinel(used)
  target[#target + 1] = tokenizer.eos
  return source, target
end

return spans
