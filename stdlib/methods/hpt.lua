--- HPT (Chen et al. 2023, hierarchical prompt tuning for few-shot multi-task learning), as far as it fits prompts at the
--- input: rows that all tasks share, rows that choose among the tasks, and rows of the task alone. From h, the
--- representation of an input, networks W2 tanh(W1 h + b1) + b2, d -> `width` -> m d, compute a prompt [m, d] each: a shared
--- one S, one C_t for each task, and one P_t for the input's own task. Attention a over the C of all tasks (their average h
--- times, softmax of the products / sqrt(d)) and a gate g = sigmoid(G2 (G1 [C_t; M] + g1) + g2) give g C_t + (1 - g) M with
--- M = sum_t a_t C_t. The prompt is [S; that; P_t], 3 m rows. As in the published code, the average of a C has in each of its
--- d places that of m neighbours of the flattened C; layers begin as torch's Linear; m = 5, width 64, the rates are the code's.
---
--- Three stages: S, C and P without attention; C, the gate and P with S frozen; P of each task separately, with C frozen.
---
--- Chosen here: in the paper the levels are lower, middle and upper layers of the encoder, with keys and values computed
--- from the states of each layer; T5's prompts are at the input alone, so the levels follow each other there, and h is the mean
--- of the input's embeddings. The stages take equal shares (10, 10 and 100 epochs in the code); the gate is trained in the
--- second only, and P goes on from there.
local torch = require "compt.torch"
local parts = require "compt.methods.parts"

return require "compt.methods.define"("hpt", {
  placement = "prepend", length = 5, width = 64,
  lr = { shared = 5e-4, adaptive = 5e-4, gate = 5e-4, private = 1e-3 },
}, function(method, setup)
  local d, m, tasks = setup.d_model, method.length, setup.tasks
  local function layers(group, prefix, sizes)
    local n = {}
    for i = 1, 2 do
      n["w" .. i] = setup:parameter(group, prefix .. "w" .. i, parts.matrix(sizes[i + 1], sizes[i]))
      n["b" .. i] = setup:parameter(group, prefix .. "b" .. i, parts.uniform(sizes[i] ^ -0.5, sizes[i + 1]))
    end
    return n
  end
  local sizes = { d, method.width, m * d }
  local shared, gate = layers("shared", "", sizes), layers("gate", "", { 2 * d, 2 * method.width, d })
  local adaptive, private, of_task = {}, {}, torch.eye(#tasks)
  for i, task in ipairs(tasks) do
    adaptive[i], private[task] = layers("adaptive", task .. ".", sizes), layers("private", task .. ".", sizes)
  end
  local place = {} ---@type table<string, integer>
  for i, task in ipairs(tasks) do place[task] = i end

  --- @return torch.Tensor
  local function prompt(n, h)
    return torch.matmul(torch.tanh(torch.matmul(h, n.w1:t()) + n.b1), n.w2:t()) + n.b2
  end

  --- The rows that choose among the tasks, [B, m, d].
  local function chosen(batch, h, attends)
    local list = {}
    for i, n in ipairs(adaptive) do list[i] = prompt(n, h) end
    local all = torch.stack(list, 2) -- [B, T, m d]
    local one_hot = batch:each(function(task) return of_task:select(1, place[task] --[[@as integer]]) end)
    local own = torch.einsum("bt,bte->be", one_hot, all)
    own = own:reshape(batch.size, m, d)
    if not attends then return own end
    local scores = torch.einsum("btd,bd->bt", all:reshape(batch.size, #tasks, d, m):mean(4), h) / d ^ 0.5
    local mixed = torch.einsum("bt,bte->be", torch.softmax(scores, -1), all):reshape(batch.size, m, d)
    local inner = torch.matmul(torch.cat({ own, mixed }, 3), gate.w1:t()) + gate.b1
    local g = torch.sigmoid(torch.matmul(inner, gate.w2:t()) + gate.b2)
    return own * g + mixed * (1 - g)
  end

  local function give(attends)
    return function(batch)
      local h = parts.mean_embedding(batch)
      ---@return torch.Tensor
      local function of(part) return batch:each(function(task) return private[task][part] end) end
      local inner = torch.tanh(torch.einsum("bd,bwd->bw", h, of "w1") + of "b1")
      local own = torch.einsum("bw,bow->bo", inner, of "w2") + of "b2"
      local function rows(t) return t:reshape(batch.size, m, d) end
      return torch.cat({ rows(prompt(shared, h)), chosen(batch, h, attends), rows(own) }, 2)
    end
  end

  local third = 1 / 3
  return { stages = {
    { name = "shared", share = third, train = { "shared", "adaptive", "private" }, give = give(false) },
    { name = "adaptive", share = third, train = { "adaptive", "gate", "private" }, give = give(true) },
    { name = "specific", share = third, alone = true, train = { "private" }, give = give(true) },
  } }
end)
