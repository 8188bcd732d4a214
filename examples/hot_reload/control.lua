--- The control of examples/hot_reload.lua. Edits to try during training:
---   * s.linear(5, 1e-3) -> s.cosine(5, 0.1)
---   * task_weights = c.easy_to_hard { start = 0.5 }
---   * freeze = { source = true }, top_k = 1, checkpoint = true, stop = true
---   * an error: temperature = 0, a missing brace, `while true do end`
local s = require "compt.schedule"
local c = require "compt.curriculum"

---@type compt.Control
return {
  temperature = s.linear(5, 1e-3),
  lr = {
    router = s.warmup_linear(0.1, { warmup = 0.2 }),
    source = s.warmup_linear(0.05, { warmup = 0.2 }),
    -- Halved when the mean loss of an epoch has not decreased for five epochs.
    private = s.on_plateau(0.02, { patience = 5, factor = 0.5 }),
  },
  task_weights = c.proportional(),
  clip = function(_, view) return view.progress < 0.1 and 0.5 or 1 end,
}
