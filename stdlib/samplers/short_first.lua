--- From short to long inputs: the competence-based curriculum of Platanios et al. 2019, with the length of the input in
--- tokens as difficulty. The difficulty d of a row is the share of rows that are not longer. At a fraction t of the steps,
--- batches are drawn evenly from the rows with d <= c(t) = min(1, sqrt(t / all_by * (1 - start^2) + start^2)), the paper's
--- root competence, and from the shortest rows in any case. The paper starts at 0.01, which would be a single row of a
--- few-shot task: `start` is 0.25 here.
return {
  options = { start = 0.25, all_by = 0.5 },
  every = 1,
  weights = function(rows, context)
    local start, all_by = context.options.start, context.options.all_by
    for name, share in pairs { start = start, all_by = all_by } do
      if not (share > 0 and share <= 1) then error(("'%s' must be in (0, 1], not %s"):format(name, share), 0) end
    end
    local count, longest = {}, 0
    for _, row in ipairs(rows) do
      count[row.tokens] = (count[row.tokens] or 0) + 1
      longest = math.max(longest, row.tokens)
    end
    local competence = math.min(1, math.sqrt(context.progress / all_by * (1 - start ^ 2) + start ^ 2))
    local within, reach = 0, nil
    for tokens = 0, longest do
      within = within + (count[tokens] or 0)
      if within > 0 and (not reach or within <= competence * #rows + 1e-9) then reach = tokens end
    end
    local weights = {}
    for i, row in ipairs(rows) do weights[i] = row.tokens <= reach and 1 or 0 end
    return weights
  end,
}
