local torch = require "compt.torch"

local function fails(pattern, f, ...)
    local ok, why = pcall(f, ...)
    assert(not ok, "expected an error")
    assert(tostring(why):find(pattern), tostring(why))
end

local function grid()
    return torch.arange(1, 13):reshape(3, 4)
end

local function is(t, list)
    assert(torch.equal(t, torch.tensor(list)), tostring(t))
end

return {
    ["rows, ranges and single elements count from 1"] = function()
        local t = grid()
        is(t[1], { 1, 2, 3, 4 })
        is(t[-1], { 9, 10, 11, 12 })
        assert(t[{ 2, 3 }]:item() == 7)
        is(t[{ { 1, 2 }, -1 }], { 4, 8 })
        is(t[{ {}, { 1, -1, 3 } }], { { 1, 4 }, { 5, 8 }, { 9, 12 } })
        assert(#t == 3)
    end,

    ["index tensors select rows and masks select elements"] = function()
        local t = grid()
        is(t[torch.tensor { 3, 1 }], { { 9, 10, 11, 12 }, { 1, 2, 3, 4 } })
        is(t[t:gt(10)], { 11, 12 })
    end,

    ["parts can be assigned a number, a table or a tensor"] = function()
        local t = torch.zeros(3, 2)
        t[1] = 5
        t[{ 2, 2 }] = 7
        t[-1] = { 1, 2 }
        is(t, { { 5.0, 5.0 }, { 0, 7.0 }, { 1, 2 } })
        t[t:gt(4)] = 0
        t[torch.tensor { 3 }] = torch.ones(1, 2)
        is(t, { { 0.0, 0 }, { 0, 0 }, { 1, 1 } })
    end,

    ["results of argmax, topk and sort are indices for gather and index_select"] = function()
        local t = torch.tensor { { 3.0, 1, 2 }, { 4, 9, 8 } }
        local best = t:argmax(2, { keepdim = true })
        is(best, { { 1 }, { 2 } })
        is(t:gather(2, best), { { 3.0 }, { 9 } })
        local values, indices = t:topk(2)
        assert(torch.equal(t:gather(2, indices), values))
        local sorted, order = t[1]:sort()
        assert(torch.equal(t[1]:index_select(1, order), sorted))
        is(t:gather(2, t:argsort(2, { descending = true })), { { 3.0, 2, 1 }, { 9, 8, 4 } })
    end,

    ["class ids and token ids are data and count from 0"] = function()
        local logits = torch.tensor { { 9.0, 0, 0 } }
        assert(torch.cross_entropy(logits, torch.tensor { 0 }):item() < 0.01)
        is(torch.embedding(torch.tensor { { 1 }, { 2 } }, { 1, 0 }), { { 2 }, { 1 } })
        is(torch.one_hot({ 0, 2 }, 3), { { 1, 0, 0 }, { 0, 0, 1 } })
        fails("id 3 is not in 0 .. 2", torch.one_hot, { 3 }, 3)
    end,

    ["0 and too large indices are explained"] = function()
        local t = grid()
        fails("index 0.*count from 1", function() return t[0] end)
        fails("index 4 is out of range: there are 3", function() return t[4] end)
        fails("tensor:sum: dim: dimension 0.*count from 1", t.sum, t, 0)
        fails("tensor:softmax: dim: dimension 3 is out of range: there are 2", t.softmax, t, 3)
        fails("index 0 is not in 1 .. 4", t.gather, t, 2, torch.tensor { { 0 } })
        fails("index 5 is not in 1 .. 4", t.index_select, t, 2, { 5 })
        fails("too many indices", function() return t[{ 1, 1, 1 }] end)
        fails("cannot be indexed with a boolean", function() return t[true] end)
    end,

    ["scatter and index_add write in place and out of place"] = function()
        local t = torch.zeros(2, 3)
        is(t:scatter(2, { { 3 }, { 1 } }, 1), { { 0, 0, 1.0 }, { 1, 0, 0 } })
        assert(t:scatter_(2, { { 3 }, { 1 } }, 2) == t)
        t:index_add_(1, { 1, 1 }, torch.ones(2, 3))
        is(t, { { 2, 2, 4.0 }, { 2, 0, 0 } })
    end,
}
