--- Runs the tests of one file: `compt -e "require 'tests.lua.run'" --set file=trainer/resume`.
local compt = require "compt"

-- Test files can use `require` for files in their folder.
local folder, made = os.getenv "TMPDIR", 0
if folder then
  os.tmpname = function()
    made = made + 1
    local path = ("%s/test_%d"):format(folder, made)
    assert(io.open(path, "w")):close()
    return path
  end
end

-- Messages have the paths of files in the repository.
package.path = "?.lua;" .. package.path
local tests = require("tests.lua." .. compt.args.file:gsub("/", ".") .. "_test")
local count, failed = 0, {}
for name, test in sorted_pairs(tests) do
  count = count + 1
  local ok, message = pcall(test)
  if not ok then failed[#failed + 1] = name .. ": " .. tostring(message) end
end
assert(count > 0, "the file returns no tests")
if #failed > 0 then error(("%d of %d fail\n%s"):format(#failed, count, table.concat(failed, "\n")), 0) end
print(count .. " Lua tests passed")
