-- Compares the tensor operations with tensor_ops.json, given as a table; returns what differs.
local torch = require "compt.torch"

local function tensor(plain)
    return torch.tensor(plain.data, { dtype = plain.dtype }):reshape(plain.shape)
end

local function difference(got, want)
    if got.dtype ~= want.dtype then
        return ("dtype %s instead of %s"):format(got.dtype, want.dtype)
    end
    local expected = tensor(want)
    if table.concat(got.shape, ",") ~= table.concat(want.shape, ",") then
        return ("%s instead of %s"):format(got, expected)
    end
    if not torch.allclose(got:double(), expected:double(), { rtol = 1e-5, atol = 1e-5 }) then
        return ("%s instead of %s"):format(got, expected)
    end
end

local function weighted(output)
    return (torch.cos(torch.arange(1, output:numel() + 1.0)) * output:float():flatten()):sum()
end

local function check(case)
    local inputs = {}
    for i, plain in ipairs(case.inputs) do
        inputs[i] = tensor(plain)
        inputs[i].requires_grad = case.grads ~= nil and plain.dtype == "float32"
    end
    local compute = load("local torch, x, y, z = ... return " .. case.lua)
    local outputs = { compute(torch, table.unpack(inputs)) }
    if case.lua:find("^torch.manual_seed") then
        table.remove(outputs, 1)
    end
    if #outputs ~= #case.outputs then
        return ("%d outputs instead of %d"):format(#outputs, #case.outputs)
    end
    local loss = 0
    for i, output in ipairs(outputs) do
        local wrong = difference(output, case.outputs[i])
        if wrong then
            return wrong
        end
        if output.requires_grad then
            loss = loss + weighted(output)
        end
    end
    if case.grads then
        loss:backward()
        for i, want in ipairs(case.grads) do
            local wrong = want and difference(inputs[i].grad, want)
            if wrong then
                return ("gradient of input %d: %s"):format(i, wrong)
            end
        end
    end
end

return function(cases)
    local wrong = {}
    for _, case in ipairs(cases) do
        local ok, why = pcall(check, case)
        if why then
            table.insert(wrong, ("%s: %s"):format(case.lua, why))
        end
    end
    return wrong
end
