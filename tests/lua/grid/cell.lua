--- The cell of cell_file_test.lua.
return function(s) return { average = 2 * s.x } end
