---@meta compt.library
local library = {}

---@param kind string
---@param name string
---@param list string[]
---@param place string
function library.known(kind, name, list, place) end

---@param name string
---@param list string[]
---@return string?
function library.nearest(name, list) end

---@param text string
function library.note(text) end

---@param text string
---@return string
function library.plain(text) end

---@param folder string
---@return string[]
function library.modules(folder) end

---@param spec table<string, any>
---@return compt.Run[]
function library.ablate(spec) end

--- As `ablate`, for the parts of trials.
---@param spec table<string, any>
---@return compt.Run[]
function library.search(spec) end

--- Raises an error that ends the search, caught or not.
---@param what string
function library.refuse_trials(what) end

---@return boolean
function library.is_planned() end

---@param paths any
---@return compt.Run[]
function library.runs(paths) end

---@param path string
---@return table<string, any>
function library.details(path) end

---@param path string
---@param look string
---@return { task: string, labels: string[], text: string[], label: string[], prediction: string[] }[]?
function library.answers(path, look) end

---@param path string
---@param look string
---@param metrics table<string, string>
---@return table<string, compt.RowScores>
function library.row_scores(path, look, metrics) end

---@param path string
---@param key string
---@param points integer
---@return number[], (number|false)[]
function library.curve(path, key, points) end

---@param path string
---@return { step: integer, average: number, scores: table<string, number> }?
function library.newest(path) end

---@param runs string[]
---@param table string
---@return table<string, any>[] rows
---@return string[] names
function library.table_rows(runs, table) end

---@param runs string[]
---@param table string
---@param format string
---@param raw boolean
---@return string
function library.table_bytes(runs, table, format, raw) end

---@param chart table<string, any>
---@param format "svg"|"pdf"|"png"
---@return string
function library.figure_file(chart, format) end

---@param path string
---@return string[]
function library.recorded(path) end

---@param caption string
---@param head string[]
---@param rows string[][]
---@param names integer
---@return string
function library.html_table(caption, head, rows, names) end

---@param chart table<string, any>
---@param columns integer
---@return string?
function library.plot_text(chart, columns) end

---@param path string
---@param content string
function library.write(path, content) end

---@param spec table<string, any>
function library.write_page(spec) end

---@param value any
---@return string
function library.json(value) end

return library
