--- The settings of a run at each step. The run reads this file again when it is saved.
local s = require "compt.schedule"

---@type compt.Control
local control = {}

control.temperature = s.linear(5, 1e-3)
control.lr = {
  router = s.warmup_linear(0.1, { warmup = 0.2 }),
  source = s.warmup_linear(0.05, { warmup = 0.2 }),
  private = s.warmup_linear(0.02, { warmup = 0.2 }),
}
control.clip = function(_, view) return view.progress < 0.1 and 0.5 or 1 end

return control
