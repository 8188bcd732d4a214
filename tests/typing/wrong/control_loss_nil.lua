-- expect: return-type-mismatch
---@type compt.Control
return { clip = function(_, view) return view.loss end }
