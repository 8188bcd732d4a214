local torch = require "compt.torch"

local function fails(pattern, f, ...)
    local ok, why = pcall(f, ...)
    assert(not ok, "expected an error")
    assert(tostring(why):find(pattern), tostring(why))
end

local MiB = 2 ^ 20

--- The peak of live bytes during f, minus those that were live before.
local function peak(f)
    collectgarbage()
    collectgarbage()
    torch.set_soft_max(300000000)
    local before = torch.stats().live_bytes
    f()
    return torch.stats().peak_bytes - before
end

local function large(n)
    local a = torch.zeros(4, MiB // 4)
    for _ = 1, n do
        a = a + 1
    end
end

return {
    ["many small operations use constant memory"] = function()
        local most = peak(function()
            local a = torch.ones(4)
            for _ = 1, 100000 do
                a = a * 1.0001
            end
        end)
        assert(most < 50e6, most)
    end,

    ["operations on large tensors stay near the soft maximum"] = function()
        local most = peak(function() large(500) end)
        assert(most < 320e6, most)
        assert(torch.stats().collections > 0)
    end,

    ["a scope uses even less memory"] = function()
        local most = peak(function()
            for _ = 1, 20 do
                torch.scope(function() large(10) end)
            end
        end)
        assert(most < 60e6, most)
    end,

    ["<close> uses the least memory"] = function()
        local most = peak(function()
            local a = torch.zeros(MiB)
            for _ = 1, 50 do
                local b <close> = a + 1
            end
        end)
        assert(most < 9 * MiB, most)
    end,

    ["the soft maximum grows if most of it is in use"] = function()
        collectgarbage()
        collectgarbage()
        torch.set_soft_max(10 * MiB)
        local kept = {}
        for i = 1, 10 do
            kept[i] = torch.zeros(MiB)
        end
        assert(torch.stats().soft_max > 20 * MiB)
        torch.set_soft_max(300000000)
    end,

    ["views count once"] = function()
        local a = torch.zeros(1000, 1000)
        local before = torch.stats().live_bytes
        local row, turned = a[1], a:t()
        local views = torch.stats().live_bytes - before
        assert(views <= 2 * 1024, views)
    end,

    ["a scope keeps what it returns, also inside tables"] = function()
        local inner, out, list
        out, list = torch.scope(function()
            inner = torch.ones(2)
            return inner + 1, { deep = { inner * 3 } }
        end)
        assert(out:sum():item() == 4 and list.deep[1]:sum():item() == 6)
        fails("freed by the torch.scope at tests/lua/torch/memory_test.lua:%d+", inner.sum, inner)
    end,

    ["a scope keeps older tensors and frees on errors"] = function()
        local old, new = torch.ones(2), nil
        fails("oops", torch.scope, function()
            new = old + 1
            error("oops")
        end)
        assert(old:sum():item() == 2)
        fails("freed by the torch.scope", new.sum, new)
    end,

    ["results of an inner scope belong to the outer scope"] = function()
        local kept
        torch.scope(function()
            kept = torch.scope(function() return torch.ones(2) end)
            assert(kept:sum():item() == 2)
        end)
        fails("freed by the torch.scope", kept.sum, kept)
    end,

    ["a parameter keeps the gradient computed inside a scope"] = function()
        local x = torch.ones(2):requires_grad_()
        torch.scope(function() (x * 2):sum():backward() end)
        assert(x.grad:sum():item() == 4)
    end,

    ["a freed tensor names what freed it"] = function()
        local closed
        do
            local t <close> = torch.ones(2)
            closed = t
        end
        fails("freed by <close> at the end of its block at tests/lua/torch/memory_test.lua:%d+", closed.sum, closed)
        local t = torch.ones(2)
        t:destroy()
        t:destroy()
        fails("freed by destroy%(%) at tests/lua/torch/memory_test.lua:%d+", function() return t + 1 end)
        fails("freed by destroy", function() return t.shape end)
        fails("freed by destroy", tostring, t)
        fails("torch.cat: .*freed by destroy", torch.cat, { t })
    end,
}
