-- Compares tensor operations with what PyTorch makes of them. A case has an expression of Lua over the inputs
-- x, y, z, or the list `a` of all of them, and the outputs and gradients that PyTorch computed. Returns a line
-- for each case that is refused or differs.
local torch = require "compt.torch"

local function tensor(plain)
    return torch.tensor(plain.data, { dtype = plain.dtype }):reshape(plain.shape)
end

-- A number in place of a 0-dimensional tensor has PyTorch's dtype for it.
local function difference(got, want, only_shapes)
    if type(got) ~= "userdata" then
        got = torch.tensor(got)
    end
    if got.dtype ~= want.dtype then
        return ("dtype %s instead of %s"):format(got.dtype, want.dtype)
    end
    local expected = tensor(want)
    if table.concat(got.shape, ",") ~= table.concat(want.shape, ",") then
        return ("%s instead of %s"):format(got, expected)
    end
    local close = { rtol = 1e-5, atol = 1e-5, equal_nan = true }
    if not only_shapes and not torch.allclose(got:double(), expected:double(), close) then
        return ("%s instead of %s"):format(got, expected)
    end
end

local function weighted(output)
    return (torch.cos(torch.arange(1, output:numel() + 1.0)) * output:float():flatten()):sum()
end

-- The results in one list: elements of lists are results, nil is none.
local function flat(...)
    local outputs = {}
    for i = 1, select("#", ...) do
        local output = select(i, ...)
        if type(output) == "table" then
            table.move(output, 1, #output, #outputs + 1, outputs)
        elseif output ~= nil then
            table.insert(outputs, output)
        end
    end
    return outputs
end

local function check(case)
    local inputs = {}
    for i, plain in ipairs(case.inputs) do
        inputs[i] = tensor(plain)
        inputs[i].requires_grad = case.grads ~= nil and case.grads[i] ~= false and plain.dtype:find "float" ~= nil
    end
    local compute = assert(load("local torch, a, x, y, z = ... return " .. case.lua))
    torch.manual_seed(42)
    local outputs = flat(compute(torch, inputs, table.unpack(inputs)))
    if #outputs ~= #case.outputs then
        return ("%d outputs instead of %d"):format(#outputs, #case.outputs)
    end
    local loss = 0
    for i, output in ipairs(outputs) do
        local wrong = difference(output, case.outputs[i], case.shapes)
        if wrong then
            return wrong
        end
        if type(output) == "userdata" and output.requires_grad then
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
    for i, case in ipairs(cases) do
        local ok, why = pcall(check, case)
        if why then
            table.insert(wrong, ("%d\t%s\t%s: %s"):format(i, ok and "differs" or "refused", case.lua, why))
        end
    end
    return wrong
end
