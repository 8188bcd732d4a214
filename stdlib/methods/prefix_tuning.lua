--- Prefix tuning (Li & Liang 2021): keys and values of `length` positions before those of every
--- attention. Encoder, decoder and cross-attention each have a prefix
--- Emb [m, d] -> Linear(d, hidden) -> tanh -> Linear(hidden, layers * 2 * inner). Each task is trained separately. Prefixes
--- have no position bias, and every position attends to them.
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

return require "compt.methods.define"("prefix_tuning", {
  length = 5, hidden = 512, alone = true, lr = { prefix = 5e-5 }, weight_decay = 0,
}, function(method, setup)
  local m, hidden = method.length, method.hidden
  local stacks = {}
  for i, pattern in ipairs { "encoder.*.SelfAttention", "decoder.*.SelfAttention", "*.EncDecAttention" } do
    stacks[i] = setup:places(pattern)
  end

  --- @param places compt.Place[]
  --- @param outputs integer
  local function new(task, stack, places, outputs)
    local function parameter(name, value)
      return setup:parameter("prefix", ("%s.%d.%s"):format(task, stack, name), value)
    end
    return {
      places = places,
      rows = parameter("embedding", torch.randn(m, setup.d_model)),
      w1 = parameter("w1", parts.matrix(hidden, setup.d_model)),
      b1 = parameter("b1", torch.zeros(hidden)),
      w2 = parameter("w2", parts.matrix(outputs, hidden)),
      b2 = parameter("b2", torch.zeros(outputs)),
    }
  end

  local function prefixes(p)
    local inside = torch.tanh(torch.matmul(p.rows, p.w1:t()) + p.b1)
    local all = torch.matmul(inside, p.w2:t()) + p.b2
    return all:reshape(m, #p.places, 2, -1)
  end

  local of_task = {}
  for _, task in ipairs(setup.tasks) do
    of_task[task] = {}
    for i, places in ipairs(stacks) do
      local inner = places[1].shape[1] --[[@as integer]]
      of_task[task][i] = new(task, i, places, #places * 2 * inner)
    end
  end

  return {
    give = function(batch)
      local changes = {}
      for _, p in ipairs(of_task[batch.task]) do
        local all = prefixes(p)
        for i, place in ipairs(p.places) do
          local pair = all:select(2, i)
          changes[place.name] = { prefix = { pair:select(2, 1), pair:select(2, 2) } }
        end
      end
      return { changes = changes }
    end,
  }
end)
