--- Hard examples more often: online batch selection by the rank of the loss (Loshchilov & Hutter 2015; also in
--- idiap/importance-sampling). Rows are ranked by their latest loss, the largest first; the probability of rank i of N is
--- in proportion to exp(-log(s) i / N), so that the hardest is drawn about s times as often as the easiest. s goes from
--- `pressure` to `last_pressure`, geometrically over the steps. Ranks need no scale, which losses themselves would.
--- Chosen here: a loss is that of the last batch with the row (the paper also recomputes all of them now and then, which
--- takes a pass over the rows); a row that has not been in a batch counts as the hardest; rows with equal losses share
--- their probability.
return {
  options = { pressure = 100, last_pressure = 1 },
  losses = true,
  weights = function(rows, context)
    local first, last = context.options.pressure, context.options.last_pressure
    for name, s in pairs { pressure = first, last_pressure = last } do
      if not (s >= 1) then error(("'%s' must be at least 1, not %s"):format(name, s), 0) end
    end
    local loss, order = {}, {}
    for i, row in ipairs(rows) do loss[i], order[i] = row.loss or math.huge, i end
    table.sort(order, function(a, b) return loss[a] > loss[b] end)
    local fall, weights, at = math.log(first * (last / first) ^ context.progress) / #rows, {}, 1
    while at <= #rows do
      local past, sum = at, 0.0
      while past <= #rows and loss[order[past]] == loss[order[at]] do
        sum, past = sum + math.exp(-fall * (past - 1)), past + 1
      end
      for i = at, past - 1 do weights[order[i]] = sum / (past - at) end
      at = past
    end
    return weights
  end,
}
