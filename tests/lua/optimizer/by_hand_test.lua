--- Optimizers by hand: five steps against PyTorch, transformers and lion-pytorch; states; what is refused.
local compt, torch = require "compt", require "compt.torch"
local small = require "tests.lua.small"

local golden = torch.load "tests/golden/optimizers.safetensors"
local names, rates = { "matrix", "vector", "skipped" }, { 0.05, 0.04, 0.03, 0.02, 0.01 }

local function leaves()
  local list = {}
  for i, name in ipairs(names) do list[i] = golden["start/" .. name]:clone():requires_grad_() end
  return list
end

--- Steps from the first to the last of these; `skipped` has no gradient in the third.
local function steps(o, list, first, last)
  for step = first, last do
    o:zero_grad()
    local loss = 0
    for i, name in ipairs(names) do
      if not (name == "skipped" and step == 3) then loss = loss + (list[i] * golden["grads/" .. name][step]):sum() end
    end
    loss:backward()
    o.lr = rates[step]
    o:step()
  end
end

local function is_golden(case, list)
  for i, name in ipairs(names) do
    local wanted = golden[case .. "/" .. name]
    assert(torch.allclose(list[i]:detach(), wanted, { atol = 2e-6 }), ("%s %s: %s"):format(case, name, tostring(list[i] - wanted)))
  end
end

local cases = {
  { "adamw", "adamw" },
  { "adamw.options", "adamw", { betas = { 0.8, 0.95 }, eps = 1e-3, weight_decay = 0.2 } },
  { "adafactor", "adafactor" },
  { "lion", "lion" },
  { "lion.options", "lion", { betas = { 0.7, 0.95 }, weight_decay = 0.3 } },
  { "sgd", "sgd" },
  { "sgd.decay", "sgd", { weight_decay = 0.2 } },
  { "sgd.momentum", "sgd", { momentum = 0.9 } },
  { "sgd.dampening", "sgd", { momentum = 0.9, dampening = 0.4, weight_decay = 0.1 } },
  { "sgd.nesterov", "sgd", { momentum = 0.8, nesterov = true, weight_decay = 0.1 } },
}

return {
  ["five steps of each optimizer are those of its reference"] = function()
    for _, case in ipairs(cases) do
      local list = leaves()
      local o = compt.optimizer[case[2]](list, case[3])
      steps(o, list, 1, 5)
      is_golden(case[1], list)
      assert(o.kind == case[2] and o.lr == 0.01)
    end
  end,

  ["a state that is saved and loaded continues as if nothing had happened"] = function()
    local path = os.tmpname()
    for _, case in ipairs(cases) do
      local list = leaves()
      local o = compt.optimizer[case[2]](list, case[3])
      steps(o, list, 1, 2)
      torch.save(path, o:state_dict())
      o = compt.optimizer[case[2]](list, case[3])
      o:load_state_dict(torch.load(path))
      steps(o, list, 3, 5)
      is_golden(case[1], list)
    end
    os.remove(path)
  end,

  ["parameters are changed where they are, and only those with a gradient"] = function()
    local w, idle = torch.ones(2, 2, { requires_grad = true }), torch.ones(3, { requires_grad = true })
    local view = w:detach()
    local o = compt.optimizer.adamw({ w, idle }, { lr = 0.5, weight_decay = 0.1 })
    assert(tostring(o) == "optimizer(adamw: 2 tensors, 7 numbers, lr 0.5, weight decay 0.1, 0 steps)", tostring(o))
    w:sum():backward()
    o:step()
    -- 1 (1 - 0.5 * 0.1) - 0.5, the first step of Adam.
    assert(torch.allclose(view, torch.full({ 2, 2 }, 0.45)), tostring(view))
    assert(torch.equal(idle:detach(), torch.ones(3)) and o:state_dict()["2.step"] == nil)
    assert(o:state_dict()["1.step"]:item() == 1 and w.grad and w.requires_grad and w.is_leaf)
    -- A single gradient of an update in Lua is a copy.
    o = compt.optimizer.sgd({ w = w })
    o:step()
    assert(torch.equal(assert(w.grad), torch.ones(2, 2)) and o:state_dict()["w.momentum_buffer"])
    o:zero_grad()
    assert(w.grad == nil)
    small.refused("optimizer:step: no parameter has a gradient", o.step, o)
    o.lr, o.weight_decay = 0, 0
    assert(o.lr == 0)
    small.refused("'lr' must be a number, 0 or more, got -1", function() o.lr = -1 end)
    small.refused("optimizer.lr: must be a number", function() o.lr = "fast" end)
  end,

  ["it trains"] = function()
    torch.manual_seed(1)
    local x = torch.randn(32, 3)
    local y = x:matmul(torch.tensor { 1.0, -2.0, 0.5 }) + 0.25
    for kind, lr in pairs { adamw = 0.1, adafactor = 0.1, lion = 0.02, sgd = 0.1 } do
      local w, b = torch.zeros(3, { requires_grad = true }), torch.zeros(1, { requires_grad = true })
      local o, loss = compt.optimizer[kind]({ weight = w, bias = b }, { lr = lr }), nil
      for _ = 1, 200 do
        loss = ((x:matmul(w) + b - y) ^ 2):mean()
        loss:backward()
        o:step()
        o:zero_grad()
      end
      assert(loss:item() < 0.05, ("%s: %g"):format(kind, loss:item()))
    end
  end,

  ["parameters and options are checked"] = function()
    local w = torch.ones(2, { requires_grad = true })
    local function refused(text, ...) small.refused(text, compt.optimizer.adamw, ...) end
    refused("compt.optimizer.adamw: there are no parameters: the list is empty", {})
    refused("the parameters must be a list of tensors, got a tensor", w)
    refused("a single one is a list, too", w)
    refused("parameter '2' is not a leaf: it is computed from other tensors", { w, w * 2 })
    refused("parameter '1' does not require gradients", { torch.ones(2) })
    refused("parameter '2' is parameter '1' again", { w, w })
    refused("parameter 'b' must be a tensor, got a number", { b = 3 })
    refused("have an optimizer of their own", { { params = { w } } })
    refused("a list without gaps", { w, name = torch.ones(2, { requires_grad = true }) })
    refused("is not contiguous", { torch.ones(2, 3):t():requires_grad_() })
    refused("'lr' must be a number, 0 or more", { w }, { lr = -1 })
    refused("unknown option 'momentum'", { w }, { momentum = 1 })
    refused("'betas' must be two numbers", { w }, { betas = { 0.9 } })
    small.refused("option 'betas' must be like its default [0.9,0.99], got [0.9]", compt.optimizer.lion, { w }, { betas = { 0.9 } })
    small.refused("did you mean 'momentum'?", compt.optimizer.sgd, { w }, { momentm = 1 })
    small.refused("compt.optimizer has no function 'AdamW' (did you mean 'adamw'?)", function() return compt.optimizer.AdamW end)
    small.refused("compt.optimizer.adamw", function() return torch.optim end)
    local o = compt.optimizer.adamw { w }
    small.refused("'9.step' is not for its parameters", o.load_state_dict, o, { ["9.step"] = torch.tensor(1) })
    w:sum():backward()
    o:step()
    local state = o:state_dict()
    state["1.exp_avg"] = torch.ones(3)
    small.refused("optimizer:load_state_dict: an optimizer state has shape [3] where [2] is expected", o.load_state_dict, o, state)
    assert(o:state_dict()["1.step"]:item() == 1, "the state is what it was")
    o = compt.optimizer.sgd({ w }, { nesterov = true })
    small.refused("'nesterov' needs a 'momentum' above 0", o.step, o)
    assert(next(o:state_dict()) == nil, "the step has changed no state")
  end,
}
