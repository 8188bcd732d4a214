--- Span corruption (T5): spans of the text are replaced by sentinels in the source, and the target
--- lists each sentinel with what it stood for, closed by one more sentinel.
local tokenizer = require "compt.micro.tokenizer"

local spans = {}

--- Share of the tokens that go into spans, and the longest span.
spans.share = 0.2
spans.longest = 3

-- Lengths of spans that together take the share of `count` tokens.
local function lengths(r, count)
  local left = math.max(1, math.floor(spans.share * count + 0.5))
  local list = {}
  while left > 0 do
    local length = math.min(left, r:integer(1, spans.longest))
    list[#list + 1] = length
    left = left - length
  end
  return list, math.max(1, math.floor(spans.share * count + 0.5))
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

--- Corrupts a list of ids (with its closing 1). Returns source and target, both closed with 1.
function spans.corrupt(r, ids)
  local count = #ids - 1
  local list, masked = lengths(r, count)
  local chosen = gaps(r, count - masked, #list)
  local source, target, at, span = {}, {}, 1, 0
  for gap = 0, count - masked do
    if chosen[gap] then
      local sentinel = tokenizer.sentinel(span)
      span = span + 1
      source[#source + 1] = sentinel
      target[#target + 1] = sentinel
      table.move(ids, at, at + list[span] - 1, #target + 1, target)
      at = at + list[span]
    end
    source[#source + 1] = ids[at]
    at = at + 1
  end
  target[#target + 1] = tokenizer.sentinel(span)
  target[#target + 1] = tokenizer.eos
  return source, target
end

return spans
