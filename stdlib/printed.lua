--- `print`, `io.write` and the methods of files, which report what cannot be written to standard output.
---@param lost fun(message: string?, code: integer?)
return function(lost)
  local out, tostring, select, concat, output = io.stdout, tostring, select, table.concat, io.output
  local methods = getmetatable(out).__index
  local write, flush = methods.write, methods.flush

  local function checked(file, done, ...)
    if not done and file == out then lost(...) end
    return done, ...
  end

  function print(...)
    local texts = { ... }
    for i = 1, select("#", ...) do texts[i] = tostring((select(i, ...))) end
    if checked(out, write(out, concat(texts, "\t"), "\n")) then checked(out, flush(out)) end
  end

  function methods.write(file, ...) return checked(file, write(file, ...)) end
  function methods.flush(file) return checked(file, flush(file)) end
  function io.write(...) return methods.write(output(), ...) end
  function io.flush() return methods.flush(output()) end

  return function() checked(out, flush(out)) end
end
