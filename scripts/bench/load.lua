--- Loads a checkpoint repeatedly, each time after the previous one is freed. Options: model.
local compt = require "compt"
local serve = require "serve"

local loaded

serve {
  load = function(dtype)
    loaded = nil
    collectgarbage()
    collectgarbage()
    loaded = compt.backbone(compt.args.model, { dtype = dtype, device = "cpu" })
  end,
}
