--- PyTorch's own sample calls (scripts/op_db.py) and einops' patterns (tests/golden/rearrange.py).

local torch = require "compt.torch"

return {
    ["sample calls of PyTorch's operator database give its values and gradients"] = function()
        local cases = dofile "tests/golden/op_db.lua"
        assert(#cases > 500, #cases .. " cases")
        local wrong = dofile "tests/golden/tensor_ops.lua"(cases)
        assert(#wrong == 0, #wrong .. " are wrong:\n" .. table.concat(wrong, "\n"))
    end,

    ["rearrange is einops'"] = function()
        for _, case in ipairs(dofile "tests/golden/rearrange.lua") do
            local numel = 1
            for _, size in ipairs(case.shape) do
                numel = numel * size
            end
            local x = torch.arange(numel):reshape(case.shape)
            local ok, got = pcall(x.rearrange, x, case.pattern, case.sizes or {})
            if case.wrong then
                assert(not ok and tostring(got):find("pattern", 1, true), case.pattern .. ": " .. tostring(got))
            else
                assert(ok, case.pattern .. ": " .. tostring(got))
                assert(torch.equal(got, torch.tensor(case.data):reshape(case.out)), case.pattern)
            end
        end
        local x = torch.ones(2, 6)
        local _, why = pcall(x.rearrange, x, "b (h d) -> b h d", { hh = 2 })
        assert(tostring(why):find "unknown axis 'hh'", tostring(why))
    end,
}
