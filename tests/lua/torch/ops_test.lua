local torch = require "compt.torch"

local function fails(pattern, f, ...)
    local ok, why = pcall(f, ...)
    assert(not ok, "expected an error")
    assert(tostring(why):find(pattern), tostring(why))
end

return {
    ["numbers can be on either side and keep the dtype"] = function()
        local whole, half = torch.tensor { 2, 4 }, torch.ones(2, { dtype = "bf16" })
        assert((whole * 2).dtype == "int64" and (2 / whole).dtype == "float32")
        assert((1 - half).dtype == "bfloat16" and (half ^ 2).dtype == "bfloat16")
        assert((torch.tensor(1.0) * 2).dtype == "float32")
        assert(torch.equal(10 // whole, torch.tensor { 5, 2 }))
        assert(torch.equal(-whole % 3, torch.tensor { 1, 2 }))
    end,

    ["in place forms return the same tensor"] = function()
        local t = torch.ones(2)
        assert(t:add_(1):mul_(3):fill_(4):clamp_(0, 2) == t)
        assert(t:sum():item() == 4)
        assert(torch.equal(t:copy_ { 7, 8 }, torch.tensor { 7.0, 8 }))
        assert(t:masked_fill_(t:gt(7), 0):sum():item() == 7 and t:zero_():sum():item() == 0)
    end,

    ["nan and infinity are detected"] = function()
        local t = torch.tensor { 1.0, 0 / 0, math.huge }
        assert(torch.equal(t:isnan(), torch.tensor { false, true, false }))
        assert(torch.equal(torch.isfinite(t), torch.tensor { true, false, false }))
        assert(not torch.allclose(t, t) and torch.allclose(t, t, { equal_nan = true }))
    end,

    ["errors name the function and the shapes"] = function()
        local a, b = torch.ones(2, 3), torch.ones(4, 5)
        fails("tensor:matmul: .*tensor%[2,3%] f32 cpu and tensor%[4,5%] f32 cpu", a.matmul, a, b)
        fails("{tensor%[2,3%] f32 cpu, tensor%[4,5%] f32 cpu} and 1", torch.cat, { a, b }, 1)
        fails("torch.cat: argument 1 %(tensors%): %[2%] is a nil, not a tensor", torch.cat, { a, nil, b })
        fails("torch.add: ", function() return a + b end)
        fails("torch.exp: argument 1 %(input%) must be a tensor, got string", torch.exp, "x")
        fails("tensor:exp: takes no arguments, got 1", a.exp, a, 1)
        fails("tensor:gelu: unknown approximation 'tan'.*'tanh'", a.gelu, a, { approximate = "tan" })
        fails("tensor has no method 'sofmax' %(did you mean 'softmax'%?%)", function() return a:sofmax() end)
        fails("torch has no function 'eimsum' %(did you mean 'einsum'%?%)", function() torch.eimsum() end)
        fails("field 'shape' cannot be set", function() a.shape = { 1 } end)
    end,

    ["gradients accumulate until they are set to nil"] = function()
        local x = torch.tensor({ 1.0, 2 }, { requires_grad = true })
        assert(x.is_leaf and x.grad == nil)
        local loss = (x * x):sum()
        loss:backward { retain_graph = true }
        loss:backward()
        assert(torch.equal(x.grad, torch.tensor { 4.0, 8 }))
        x.grad = nil
        assert(x.grad == nil)
        local triple = x * 3
        triple:backward { gradient = torch.tensor { 1.0, 10 } }
        assert(torch.equal(x.grad, torch.tensor { 3.0, 30 }))
        x:zero_grad()
        assert(x.grad == nil)
        fails("more than one element", x.backward, x * 2)
    end,

    ["torch.grad does not change the leaves"] = function()
        local x = torch.ones(2, { requires_grad = true })
        local y = torch.ones(2, { requires_grad = true })
        local grads = torch.grad((x ^ 3):sum(), { x, y }, { create_graph = true })
        assert(torch.equal(grads[1], torch.tensor { 3.0, 3 }) and grads[2] == false and x.grad == nil)
        assert(torch.equal(torch.grad(grads[1]:sum(), { x })[1], torch.tensor { 6.0, 6 }))
    end,

    ["no_grad and detach record nothing"] = function()
        local x = torch.ones(2):requires_grad_()
        local y, n = torch.no_grad(function(k) return x * k, k end, 2)
        assert(not y.requires_grad and n == 2 and (x * 2).requires_grad)
        assert(not pcall(torch.no_grad, error) and (x * 2).requires_grad)
        assert(not x:detach().requires_grad and x:clone().requires_grad)
        x.requires_grad = false
        assert(not (x * 2).requires_grad)
    end,

    ["dropout scales what it keeps"] = function()
        local t = torch.ones(1000):dropout(0.25)
        assert(math.abs(t:mean():item() - 1) < 0.1)
        assert(torch.equal(torch.ones(4):dropout(0.9, { training = false }), torch.ones(4)))
    end,
}
