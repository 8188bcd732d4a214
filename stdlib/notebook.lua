--- A session in a notebook: it writes at once, has no input to read, and is ended by the notebook.
---@param why string
return function(why)
  io.stdout:setvbuf "no"
  local stdin, input, lines_of = io.stdin, io.input, io.lines
  local methods = getmetatable(stdin).__index
  local read, lines = methods.read, methods.lines

  local function refused(name) error(("%s: %s"):format(name, why), 3) end

  function methods.read(file, ...)
    if file == stdin then refused "file:read" end
    return read(file, ...)
  end

  function methods.lines(file, ...)
    if file == stdin then refused "file:lines" end
    return lines(file, ...)
  end

  function io.read(...)
    if input() == stdin then refused "io.read" end
    return read(input(), ...)
  end

  function io.lines(name, ...)
    if name == nil and input() == stdin then refused "io.lines" end
    return lines_of(name, ...)
  end

  function os.exit() error("os.exit: the menu of the notebook ends its kernel", 2) end
end
