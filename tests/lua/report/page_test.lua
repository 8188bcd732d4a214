--- What a page says from its top, over runs whose numbers are known.
local compt = require "compt"

local function page_of(runs)
  local body = require "compt.report.content"(runs).body
  return table.concat(body, "\n"), body
end

--- Two methods, three seeds: 51, 52, 53 and 95, 98, 101 less `less`.
local function known(less)
  return compt.ablate {
    name = "t", out = os.tmpname() .. "_grid",
    grid = { method = { "old", "new" }, seed = { 1, 2, 3 } },
    run = function(s)
      local score = s.method == "old" and 50 + s.seed or 92 + 3 * s.seed - less
      return { average = score, scores = { a = { accuracy = score }, b = { accuracy = score } } }
    end,
  }
end

local function has(text, part) assert(text:find(part, 1, true), part .. " is not in " .. text) end

return {
  ["the interval is Student's"] = function()
    local html = page_of(known(2))
    -- scipy.stats.t.interval(0.95, 2, loc=52, scale=1/3**0.5): 49.5159, 54.4841; loc=96, scale=3/3**0.5: 88.5476, 103.4524
    has(html, "<td>52.0</td><td>49.5 to 54.5</td><td>3</td>")
    has(html, "88.5 to 100.0</td>")
    has(html, "cut at 0 and 100")
  end,

  ["scores beyond 100 are no percentages, and nothing is cut"] = function()
    local html = page_of(known(0))
    -- loc=98, scale=3/3**0.5: 90.5476, 105.4524
    has(html, "90.5 to 105.5</td>")
    assert(not html:find("cut at", 1, true))
  end,

  ["few runs have no interval, and a note says so"] = function()
    local html = page_of(known(2):where(function(run) return run.settings.seed < 3 end))
    has(html, "<td>51.5</td><td>–</td><td>2</td>")
    has(html, "fewer than 3 runs have none")
  end,

  ["the page says what varies, with its values, and what there is"] = function()
    local _, body = page_of(known(2))
    has(body[1], "<dt>Runs</dt><dd>6, finished</dd>")
    has(body[1], "<dt><bdi>method</bdi></dt><dd><bdi>old</bdi>, <bdi>new</bdi></dd>")
    has(body[1], "<dt>seed</dt><dd><bdi>1</bdi>, <bdi>2</bdi>, <bdi>3</bdi></dd>")
    has(body[2], "<h2>Results</h2>")
    has(body[3], "<h2>Scores by task</h2>")
  end,

  ["names are texts, apart from the direction of what is around them, and cut"] = function()
    local runs = compt.ablate {
      name = "t", out = os.tmpname() .. "_grid",
      grid = { label = { "<script>", "\u{202e}x", ("long "):rep(40) }, seed = { 1 } },
      run = function(s) return { average = #s.label } end,
    }
    local html = page_of(runs)
    has(html, "<bdi>&lt;script&gt;</bdi>")
    has(html, "<bdi>\u{202e}x</bdi>")
    has(html, "…</bdi>")
    assert(not html:find("<script>", 1, true))
  end,

  ["no runs make a page that says so"] = function()
    local none = known(0):where(function() return false end)
    has(page_of(none), "There are no runs yet.")
  end,
}
