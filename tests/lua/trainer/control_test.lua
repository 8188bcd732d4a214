--- Controls of a run: the schedule of the method, a table, a file.
local compt = require "compt"
local small = require "tests.lua.small"

--- Calls `body` with the path of a file with this text.
local function with_file(text, body)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
  file:flush()
  local ok, message = pcall(body, path)
  os.remove(path)
  if not ok then error(message, 0) end
end

return {
  ["a table overrides the method, knob by knob"] = function()
    local s = compt.schedule
    local trainer = small.trainer {
      control = {
        temperature = s.constant(0.7),
        lr = { router = function(step) return step / 1000 end, source = 0.5 },
      },
    }
    for step = 1, 6 do
      local report = trainer:step()
      assert(report.temperature == 0.7 and report.lr.router == step / 1000)
      assert(report.lr.source == 0.5)
      local own = s.warmup_linear(0.02, { warmup = 0.2 })(step, { total_steps = 6 })
      assert(math.abs(report.lr.private - own) < 1e-12)
    end
  end,

  ["a control file works like a table"] = function()
    with_file([[
      local s = require "compt.schedule"
      return {
        temperature = s.linear(2, 1),
        lr = { source = s.cosine(0.4, 0.1) },
      }
    ]], function(path)
      local s = compt.schedule
      local by_file = small.trainer { control = path }
      local by_table = small.trainer {
        control = { temperature = s.linear(2, 1), lr = { source = s.cosine(0.4, 0.1) } },
      }
      local first = by_file:step()
      assert(first.temperature == 2 and first.lr.source == 0.4)
      by_table:step()
      small.same(small.losses(by_file, 5), small.losses(by_table, 5), 0)
    end)
  end,

  ["task weights are a curriculum"] = function()
    local trainer = small.trainer {
      batch_size = 30, method = compt.methods.ssum { sources = 1, length = 2 },
      control = {
        task_weights = function(_, view)
          return view.progress < 0.5 and { sentiment = 3, nli2 = 1 } or nil
        end,
      },
    }
    for step = 1, 6 do
      local tasks = trainer:step().tasks
      if step <= 3 then
        assert(tasks.similarity == nil and tasks.sentiment > tasks.nli2)
      elseif step == 4 then
        -- Without weights every row comes once.
        assert(tasks.similarity == 8 and tasks.sentiment == 8 and tasks.nli2 == 8)
      end
    end
  end,

  ["a function sees the losses of the step before"] = function()
    local seen = {}
    local trainer = small.trainer {
      control = {
        temperature = function(step, view)
          seen[step] = { view.loss, view.task_losses.sentiment, view.epoch }
          return 1
        end,
      },
    }
    local reports = {}
    for step = 1, 6 do reports[step] = trainer:step() end
    assert(seen[1][1] == nil and seen[1][2] == nil)
    for step = 2, 6 do assert(seen[step][1] == reports[step - 1].loss) end
    assert(seen[6][3] == 1)
  end,

  ["clip, dropout and decay are knobs"] = function()
    local function losses(control, changes)
      local options = { control = control }
      for key, value in pairs(changes or {}) do options[key] = value end
      return small.losses(small.trainer(options), 6)
    end
    small.same(losses { clip = 0.01 }, losses(nil, { clip = 0.01 }), 0)
    small.same(losses { dropout = 0.3 }, losses(nil, { dropout = 0.3 }), 0)
    small.same(losses { weight_decay = 0.5 }, losses(nil, { weight_decay = 0.5 }), 0)
    assert(losses({ weight_decay = 0.5 })[6] ~= losses({ weight_decay = 0 })[6])
  end,

  ["a control is checked before the first step"] = function()
    local function refused(text, control) small.refused(text, small.trainer, { control = control }) end
    refused("did you mean 'temperature'?", { temprature = 1 })
    refused("did you mean 'router'?", { lr = { ruoter = 1 } })
    refused("did you mean 'sentiment'?", { task_weights = { sentimant = 1 } })
    refused("-1 is not within [0, 100]", { lr = { source = -1 } })
    refused("step 6", { temperature = function(step) return step < 6 and 1 or 0 / 0 end })
    refused("'control' must be a file or a table", 7)
    local calls = 0
    refused("two different values for step", {
      temperature = function() calls = calls + 1 return calls end,
    })
    with_file("return { temperature = 0 }", function(path)
      refused(path .. ":1: temperature", path)
    end)
    with_file("return { lr = { router = io.open } }", function(path)
      refused("'io' is not available in a control file", path)
    end)
    refused("no-such-control.lua", "no-such-control.lua")
  end,

  ["a group without a rate is an error"] = function()
    local method = compt.methods.ssum { sources = 2, length = 3 }
    method.lr = { source = 0.1, private = 0.1 }
    small.refused("no learning rate for the group 'router'", function()
      small.trainer({ method = method }):step()
    end)
  end,
}
