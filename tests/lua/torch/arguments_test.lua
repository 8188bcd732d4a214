local torch = require "compt.torch"

local function fails(pattern, f, ...)
    local ok, why = pcall(f, ...)
    assert(not ok, "expected an error")
    assert(tostring(why):find(pattern), tostring(why))
end

local function same(a, b)
    assert(torch.equal(a, b), tostring(a) .. " and " .. tostring(b))
end

return {
    ["an argument is given by position or by name"] = function()
        local x = torch.arange(6.0):reshape(2, 3)
        same(x:sum(1, true), x:sum(1, { keepdim = true }))
        same(x:sum(1, true), x:sum { dim = 1, keepdim = true })
        same(x:sum(1, true), torch.sum { input = x, keepdim = true, dim = 1 })
        same(x:flip(1, 2), x:flip { dims = { 1, 2 } })
        same(x:std(1, false), x:std { dim = { 1 }, correction = 0 })
        same(x:std(false), x:std { unbiased = false })
        same(torch.zeros(2, 3), torch.zeros { size = { 2, 3 } })
        assert(x:mean { dtype = "float64" }.dtype == "float64")
    end,

    ["the form of a call is found by what is given"] = function()
        local x = torch.tensor { { 3.0, 1 }, { 2, 5 } }
        local values, places = x:max(2)
        same(values, torch.tensor { 3.0, 5 })
        same(places, torch.tensor { 1, 2 })
        same(x:max(torch.full({ 2, 2 }, 2.5)), torch.tensor { { 3.0, 2.5 }, { 2.5, 5 } })
        assert(x:max():item() == 5 and #{ x:max { dim = 1 } } == 2)
        assert(#torch.randint(5, { 2, 3 }).shape == 2 and #torch.randint(0, 5, 2, 3).shape == 2)
        same(torch.where(x:gt(2))[2], torch.tensor { 1, 2 })
        fails("argument 1 %(dim%) must be a dimension, got string", x.max, x, "last")
    end,

    ["an unknown name is refused with the nearest one"] = function()
        local x = torch.ones(2, 3)
        fails("tensor:sum: unknown option 'keepdims'.*did you mean 'keepdim'%?", x.sum, x, { keepdims = true })
        fails("tensor:flip: unknown option 'dim'.*'dims'", x.flip, x, { dim = 1 })
        fails("torch.exp: unknown option 'other'", torch.exp, x, { other = 1 })
        fails("tensor:max: unknown option 'dm'", x.max, x, { dm = 1 })
    end,

    ["nothing is given twice, or left over"] = function()
        local x = torch.ones(2, 3)
        fails("'dim' is given by position and by name", x.sum, x, 1, { dim = 2 })
        fails("both positions and names", x.sum, x, { 1, keepdim = true })
        fails("takes at most 2 arguments, got 3.*by name.*dtype", x.sum, x, 1, true, "float64")
        fails("both 'unbiased' and 'correction'", x.std, x, { unbiased = true, correction = 1 })
    end,

    ["errors name the parameter"] = function()
        local x = torch.ones(2, 3)
        fails("tensor:topk: argument 1 %(k%) must be a whole number, got nothing", x.topk, x)
        fails("tensor:topk: option 'largest' must be true or false, got string", x.topk, x, 1, { largest = "yes" })
        fails("tensor:sum: dim: dimension 3 is out of range: there are 2", x.sum, x, 3)
        fails("tensor:gather: index: index 4 is not in 1 %.%. 3", x.gather, x, 2, { { 4 } })
        fails("argument 2 %(mask%): must be a bool tensor", torch.masked_fill, x, x, 1)
        fails("torch.linalg has no function 'sdv' %(did you mean 'svd'%?%)", function() return torch.linalg.sdv end)
        fails("unknown rounding_mode 'round'", x.div, x, 2, { rounding_mode = "round" })
    end,

    ["0-dimensional tensors have one dimension"] = function()
        local x = torch.tensor(2.0)
        assert(x:sum(1):item() == 2 and x:softmax(-1):item() == 1 and x:gather(1, torch.tensor(1)):item() == 2)
        assert(x:index_select(1, { 1 }):item() == 2 and select(2, x:sort(1)):item() == 1)
    end,

    ["padding_idx, max_norm and ids count from 0"] = function()
        local weight = torch.tensor({ { 3.0, 4 }, { 1, 0 } }, { requires_grad = true })
        torch.embedding(weight, { 0, 1 }, { padding_idx = -1 }):sum():backward()
        same(weight.grad, torch.tensor { { 1.0, 1 }, { 0, 0 } })
        torch.no_grad(function() torch.embedding(weight, { 0 }, { max_norm = 1 }) end)
        assert(torch.allclose(weight[1], torch.tensor { 0.6, 0.8 }, { atol = 1e-4 }))
        fails("padding_idx 2 is not in 0 %.%. 1", torch.embedding, weight, { 0 }, { padding_idx = 2 })
    end,

    ["histc counts within a range, both ends included"] = function()
        local x = torch.tensor { -1.0, 0, 0.5, 1, 2, 3 }
        same(x:histc(2, 0, 1), torch.tensor { 1.0, 2 })
        same(x:histc { bins = 4 }, torch.tensor { 1.0, 2, 1, 2 })
        fails("min < max", x.histc, x, 2, 1, 0)
    end,
}
