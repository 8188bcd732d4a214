local torch = require "compt.torch"

local function fails(pattern, f, ...)
    local ok, why = pcall(f, ...)
    assert(not ok, "expected an error")
    assert(tostring(why):find(pattern), tostring(why))
end

local function shape(t)
    return table.concat(t.shape, ",")
end

return {
    ["literals choose the dtype as PyTorch does"] = function()
        assert(torch.tensor({ 1, 2 }).dtype == "int64")
        assert(torch.tensor({ 1, 2.5 }).dtype == "float32")
        assert(torch.tensor({ true, false }).dtype == "bool")
        assert(torch.tensor(3).dtype == "int64" and torch.tensor(3).ndim == 0)
        assert(torch.tensor({ 1, 2 }, { dtype = "bf16" }).dtype == "bfloat16")
        assert(torch.tensor({}).dtype == "float32" and shape(torch.tensor({ {}, {} })) == "2,0")
    end,

    ["float64 data is not rounded"] = function()
        assert(torch.tensor({ 0.1 }, { dtype = "float64" }):item() == 0.1)
        assert(torch.tensor({ math.maxinteger }):item() == math.maxinteger)
    end,

    ["errors of ragged and wrong tables name the element"] = function()
        fails("torch.tensor: %[2%]: 1 elements where the first row has 2", torch.tensor, { { 1, 2 }, { 3 } })
        fails("%[2%]: a number where the first row has a list", torch.tensor, { { 1 }, 2 })
        fails("%[2%]: a list where the first row has a number", torch.tensor, { 1, { 2 } })
        fails("%[1%]%[2%]: expected a number, got a string", torch.tensor, { { 1, "x" } })
    end,

    ["sizes are numbers or a table, options come last"] = function()
        assert(shape(torch.zeros(2, 3)) == "2,3" and shape(torch.zeros({ 2, 3 })) == "2,3")
        local t = torch.ones(2, { dtype = "f64", requires_grad = true })
        assert(t.dtype == "float64" and t.requires_grad)
        assert(torch.full({ 2 }, 1.5):sum():item() == 3)
        assert(torch.zeros_like(t, { dtype = "int64" }).dtype == "int64")
        assert(torch.full_like(t, 2):sum():item() == 4)
        fails("unknown option 'dtpye'", torch.zeros, 2, { dtpye = "f32" })
        fails("unknown dtype 'floot32'", torch.zeros, 2, { dtype = "floot32" })
        fails("argument 1 %(size%) must be sizes, which are whole numbers, got string", torch.zeros, "2")
    end,

    ["the seed sets every generator"] = function()
        local function draw()
            torch.manual_seed(5)
            return torch.cat({
                torch.rand(3), torch.randn(3), torch.randint(0, 9, 3):float(),
                torch.randperm(3):float(), torch.full({ 3 }, 0.5):bernoulli(),
                torch.ones(3):multinomial(3):float(), torch.zeros(3):normal_(1, 2),
            })
        end
        assert(torch.equal(draw(), draw()))
        assert(torch.equal(torch.randperm(4):sort(), torch.tensor { 1, 2, 3, 4 }))
    end,

    ["tolist returns the original lists"] = function()
        local rows = torch.tensor({ { 1.5, 0 / 0 }, { math.huge, -math.huge } }):tolist()
        assert(rows[1][1] == 1.5 and rows[1][2] ~= rows[1][2])
        assert(rows[2][1] == math.huge and rows[2][2] == -math.huge)
        assert(torch.tensor({ true, false }):tolist()[2] == false)
        assert(math.type(torch.tensor({ 7 }):tolist()[1]) == "integer")
        assert(torch.tensor(2.5):tolist() == 2.5)
        fails("needs a tensor with one element, this one has 2", torch.zeros(2).item, torch.zeros(2))
    end,

    ["dtypes and devices by name, short or long"] = function()
        local t = torch.ones(2)
        assert(t:to("bf16").dtype == "bfloat16" and t:to { dtype = "int64" }.dtype == "int64")
        assert(t:to("cpu").device == "cpu" and t:double():float().dtype == "float32")
        fails("'fp4' is neither a dtype nor a device", t.to, t, "fp4")
    end,

    ["saved tensors are loaded"] = function()
        local path = os.tmpname()
        torch.save(path, { a = torch.tensor { 1, 2 }, b = torch.ones(2, 2):to("bf16") })
        local loaded = torch.load(path)
        assert(torch.equal(loaded.a, torch.tensor { 1, 2 }) and loaded.b.dtype == "bfloat16")
        local file = io.open(path, "wb")
        file:write("nonsense")
        file:close()
        fails(path:gsub("%p", "%%%0") .. ": not a complete safetensors file", torch.load, path)
        os.remove(path)
        fails("'x' is a number, not a tensor", torch.save, path, { x = 1 })
    end,

    ["a tensor prints its shape, dtype, device and a corner"] = function()
        assert(tostring(torch.tensor { 1, 2, 3 }) == "tensor[3] i64 cpu [1, 2, 3]")
        assert(tostring(torch.tensor(0.5)) == "tensor[] f32 cpu 0.5000")
        assert(tostring(torch.zeros(0)) == "tensor[0] f32 cpu (no elements)")
        local grad = torch.tensor({ { -1.5, 10 } }, { requires_grad = true })
        assert(tostring(grad) == "tensor[1,2] f32 cpu grad\n [-1.5000, 10.0000]", tostring(grad))
        assert(tostring(torch.arange(0, 9)):find("5, %.%.%.%]$"))
        local _, lines = tostring(torch.zeros(9, 9)):gsub("\n", "")
        assert(lines == 7)
        assert(tostring(torch.zeros(2, 3, 2)):find("%[1,:,:%] ="))
        assert(tostring(torch.tensor { 1e-9, 0 / 0 }) == "tensor[2] f32 cpu [1.0000e-9, nan]")
    end,
}
