// Settings and environment.

function renderSettings() {
  const common = byKey(data.common ?? {});
  if (!common.length && !data.varying.length) return absent("settings", "No settings were stored.");
  const varying = data.varying.length ? ` These settings vary and are columns in Runs: ${data.varying.join(", ")}.` : "";
  say("settings-note", (common.length ? "Settings that are the same for all runs." : "No setting is the same for all runs.") + varying);
  facts(find("settings-table"), common);
}

function environmentTitle(index) {
  const count = runs.filter((run) => run.environment === index).length;
  return { key: index, title: `environment ${index + 1}`, unit: plural(count, "run") };
}

function renderEnvironment() {
  const all = data.environments ?? [];
  if (!all.length) return absent("environment", "No environment was stored.");
  if (all.length === 1) {
    say("environment-note", "The same for all runs.");
    return facts(find("environment-table"), byKey(all[0]));
  }
  const keys = [...new Set(all.flatMap(Object.keys))].sort(collator.compare);
  say("environment-note", `The runs were made in ${all.length} environments.`);
  headings(find("environment-table"), [{ key: "what", title: "" }, ...all.map((_, i) => environmentTitle(i))]);
  find("environment-table").tBodies[0].append(...keys.map((key) => {
    const values = all.map((one) => words(one[key]));
    return element("tr", { "data-row": key, class: new Set(values).size > 1 ? "differs" : null },
      element("th", { scope: "row" }, key), ...values.map((value) => element("td", {}, value)));
  }));
}

// The page.

function head() {
  const states = counted(runs, (run) => run.state);
  say("made", `Created ${data.made} by compt ${data.compt}`);
  const list = [...states].map(([state, count]) => `${count} ${state}`).join(", ");
  say("counts", plural(runs.length, "run") + (list && `: ${list}`));
}

function contents() {
  const items = [...document.querySelectorAll("main > section")].map((section, i) => {
    section.id ||= `section-${i + 1}`;
    const link = element("a", { href: `#${section.id}` }, section.querySelector("h2")?.textContent ?? section.id);
    return element("li", { class: section.dataset.part === undefined ? null : "own" }, link);
  });
  document.querySelector("#contents ol").replaceChildren(...items);
}

function boxTables() {
  for (const table of document.querySelectorAll("main > section:not([data-part]) table")) {
    const box = element("div", { class: "scroll fit", tabindex: 0, role: "region", "aria-label": "Table" });
    table.replaceWith(box);
    box.append(table);
  }
}

function render(id) {
  const renderer = renderers.get(id);
  renderers.delete(id);
  try {
    renderer?.();
  } catch (error) {
    absent(id, `This section cannot be drawn: ${error.message}`);
    console.error(error);
  }
  if (!renderers.size) document.documentElement.dataset.rendered = "true";
}

const renderAll = () => [...renderers.keys()].forEach(render);

// A section is rendered when it comes near the window, and the rest one by one when the browser is idle.
function schedule() {
  if (!window.IntersectionObserver || !window.requestIdleCallback) return renderAll();
  const watcher = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) if (isIntersecting) render(target.id);
  }, { rootMargin: "400px" });
  renderers.forEach((_, id) => watcher.observe(find(id)));
  const next = () => {
    render(renderers.keys().next().value);
    if (renderers.size) requestIdleCallback(next, { timeout: 500 });
  };
  requestIdleCallback(next, { timeout: 500 });
  window.addEventListener("beforeprint", renderAll);
}

renderers.set("runs", renderRuns).set("compare", renderCompare).set("curves", renderCurves)
  .set("predictions", renderPredictions).set("settings", renderSettings).set("environment", renderEnvironment);
head();
boxTables();
contents();
schedule();
