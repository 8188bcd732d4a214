// Settings and environment.

function renderSettings() {
  return () => {
    const { common = {}, varying = [] } = data.head;
    const list = byKey(common);
    if (absent("settings", list.length || varying.length ? "" : "No settings were stored.")) return;
    const columns = varying.length ? ` These settings vary and are columns in Runs: ${byInterest(varying).join(", ")}.` : "";
    say("settings-note", (list.length ? "Settings that are the same for all runs." : "No setting is the same for all runs.") + columns);
    facts(find("settings-table"), list);
  };
}

function environmentTitle(index) {
  const count = runs.filter((run) => run.environment === index).length;
  return { key: index, title: `environment ${index + 1}`, unit: plural(count, "run") };
}

function renderEnvironment() {
  return () => {
    const all = data.head.environments ?? [];
    if (absent("environment", all.length ? "" : "No environment was stored.")) return;
    if (all.length === 1) {
      say("environment-note", "The same for all runs.");
      return facts(find("environment-table"), byKey(all[0]));
    }
    const keys = [...new Set(all.flatMap(Object.keys))].sort(collator.compare);
    say("environment-note", `The runs were made in ${all.length} environments.`);
    headings(find("environment-table"), [{ key: "what", title: "what" }, ...all.map((_, i) => environmentTitle(i))]);
    find("environment-table").tBodies[0].append(...keys.map((key) => {
      const values = all.map((one) => words(one[key]));
      return element("tr", { "data-row": key, class: new Set(values).size > 1 ? "differs" : null },
        element("th", { scope: "row" }, key), ...values.map((value) => element("td", {}, value)));
    }));
  };
}

// The page.

function head() {
  const states = [...counted(runs, (run) => run.state)];
  const list = states.map(([state, count]) => (states.length > 1 ? `${count} ${state}` : state)).join(", ");
  say("made", `${plural(runs.length, "run")}${list && `, ${list}`}. Made ${data.made} by compt ${data.head.compt}.`);
}

// Sections of tables and figures are named by their titles, so that links to them stay.
function nameSection(section) {
  const title = section.querySelector("h2")?.textContent ?? "";
  const name = title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "section";
  for (let i = 1; !section.id; i += 1) if (!find(i > 1 ? `${name}-${i}` : name)) section.id = i > 1 ? `${name}-${i}` : name;
}

function contents() {
  const items = [...document.querySelectorAll("main section")].map((section) => {
    nameSection(section);
    const link = element("a", { href: `#${section.id}` }, element("bdi", {}, section.querySelector("h2")?.textContent ?? section.id));
    return element("li", { class: section.dataset.part === undefined ? null : "own" }, link);
  });
  document.querySelector("#contents ol").replaceChildren(...items);
}

// Each table and figure of a section scrolls within a box of its own; a table's first line is its head.
function boxTables(within) {
  for (const node of within.querySelectorAll("section:not([data-part]) table, section:not([data-part]) figure > svg, :scope > table, :scope > figure > svg")) {
    if (node.tagName === "TABLE" && !node.tHead && node.rows.length) node.createTHead().append(node.rows[0]);
    for (const cell of node.querySelectorAll("tbody th:empty")) cell.replaceWith(element("td"));
    for (const cell of node.querySelectorAll("tbody th")) if (cell.textContent.length > 16) cell.title = cell.textContent;
    const section = node.closest("section")?.querySelector("h2")?.textContent ?? "Table";
    const named = node.caption?.textContent ?? node.querySelector("title")?.textContent ?? section;
    const box = element("div", { class: "scroll fit", tabindex: 0, role: "region", "aria-label": named });
    node.replaceWith(box);
    box.append(node);
  }
}

const waiting = new Map(Object.entries({
  runs: renderRuns, compare: renderCompare, curves: renderCurves, predictions: renderPredictions,
  settings: renderSettings, environment: renderEnvironment,
}));
const drawn = new Map();

function attempt(id, work) {
  try {
    work();
  } catch (error) {
    absent(id, `This section cannot be drawn: ${error.message}`);
    console.error(error);
  }
}

function render(id) {
  const renderer = waiting.get(id);
  if (!renderer) return;
  waiting.delete(id);
  attempt(id, () => {
    const draw = renderer();
    drawn.set(id, draw);
    draw();
  });
  if (!waiting.size) document.documentElement.dataset.rendered = "true";
}

const update = (ids) => ids.forEach((id) => drawn.has(id) && attempt(id, drawn.get(id)));
const renderAll = () => [...waiting.keys()].forEach(render);

// Draws what concerns these news: what somebody reads or copies stays where it can.
function updateAll(news) {
  document.title = find("title").textContent = data.head.title;
  head();
  contents();
  const whole = news.head || news.order || news.predictions;
  update([...drawn.keys()].filter((id) => whole || ["runs", "compare", "curves"].includes(id)));
}

// A section is rendered when it comes near the window, and the rest one by one when the browser is idle. The list of
// runs comes first, because it knows which runs are selected.
function schedule() {
  render("runs");
  if (address.section) renderAll();
  if (!window.IntersectionObserver || !window.requestIdleCallback) return renderAll();
  const watcher = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) if (isIntersecting) render(target.id);
  }, { rootMargin: "400px" });
  waiting.forEach((_, id) => watcher.observe(find(id)));
  const next = () => {
    render(waiting.keys().next().value);
    if (waiting.size) requestIdleCallback(next, { timeout: 500 });
  };
  requestIdleCallback(next, { timeout: 500 });
}

// "/" goes to the search of the section that is read, Escape empties it.
function watchKeys() {
  const searches = () => [...document.querySelectorAll('input[type="search"]')].filter((node) => node.offsetParent);
  const away = (node) => Math.abs(node.closest("section").getBoundingClientRect().top - 80);
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (target.type === "search" && key === "Escape") {
      target.value = "";
      for (const name of ["input", "change"]) target.dispatchEvent(new Event(name, { bubbles: true }));
      target.blur();
    }
    if (key !== "/" || event.ctrlKey || event.metaKey || event.altKey || target.matches("input:not([type='checkbox']), select, textarea")) return;
    event.preventDefault();
    renderAll();
    searches().sort((a, b) => away(a) - away(b))[0]?.focus();
  });
}

// On paper: all sections, and what is folded is open.
function watchPrinter() {
  let folded = [];
  window.addEventListener("beforeprint", () => {
    renderAll();
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((node) => { node.open = true; });
  });
  window.addEventListener("afterprint", () => folded.forEach((node) => { node.open = false; }));
}

readAddress();
take(JSON.parse(find("data").textContent));
head();
boxTables(document);
if (data.follow) follow();
contents();
schedule();
watchView(() => {
  renderAll();
  update([...drawn.keys()]);
});
watchKeys();
watchPrinter();
if (address.section) goTo(address.section, false);
