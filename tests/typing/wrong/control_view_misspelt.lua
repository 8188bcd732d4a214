-- expect: undefined-field
---@type compt.Control
return { clip = function(_, view) return view.progres end }
