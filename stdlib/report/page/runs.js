function firstMetrics() {
  const metrics = new Map();
  for (const run of runs) {
    for (const [task, scores] of Object.entries(run.scores ?? {})) {
      if (!metrics.has(task) && Object.keys(scores).length) metrics.set(task, Object.keys(scores)[0]);
    }
  }
  return [...metrics];
}

function tickBox(run) {
  const box = element("input", { type: "checkbox", value: run.index });
  box.checked = ticked.has(run.index);
  return element("label", { title: run.path }, box, run.name);
}

function stateOf(run) {
  const name = element("span", { class: `state-${run.state}` }, run.state);
  return run.error ? element("details", {}, element("summary", {}, name), run.error) : name;
}

function settingColumn(key) {
  const value = (run) => run.settings[key];
  const number = runs.every((run) => missing(value(run)) || typeof value(run) === "number");
  return { key: `settings.${key}`, title: key, value, number };
}

function scoreColumn([task, metric]) {
  const value = (run) => run.scores?.[task]?.[metric];
  return { key: `scores.${task}`, title: task, unit: metric, number: true, value, show: (run) => fixed(value(run)) };
}

function runColumns() {
  return [
    { key: "name", title: "run", value: (run) => run.name, show: tickBox },
    { key: "state", title: "state", value: (run) => run.state, show: stateOf },
    ...data.varying.map(settingColumn),
    { key: "average", title: "average", number: true, value: (run) => run.average, show: (run) => fixed(run.average) },
    ...firstMetrics().map(scoreColumn),
    { key: "steps", title: "steps", number: true, value: (run) => run.steps },
    { key: "seconds", title: "seconds", number: true, value: (run) => run.seconds, show: (run) => fixed(run.seconds) },
  ];
}

function haystack(run) {
  const settings = Object.entries(run.settings).map(([key, value]) => `${key}=${words(value)}`);
  return [run.name, run.path, run.state, ...settings].join(" ").toLowerCase();
}

function renderRuns() {
  if (!runs.length) return absent("runs", "There are no runs.");
  const table = find("runs-table");
  const columns = runColumns();
  const texts = runs.map(haystack);
  let all = false;

  const matching = () => {
    const parts = find("runs-filter").value.toLowerCase().split(/\s+/);
    return runs.filter((run) => parts.every((part) => texts[run.index].includes(part)));
  };
  const fill = () => {
    const rows = order(matching());
    const shown = all ? rows : rows.slice(0, LIMITS.runs);
    table.tBodies[0].replaceChildren(...shown.map((run) =>
      line(columns, run, { "data-run": run.index, class: ticked.has(run.index) ? "ticked" : null })));
    const cut = shown.length < rows.length ? `, the first ${shown.length} shown` : "";
    find("runs-count").textContent = `${rows.length} of ${plural(runs.length, "run")}${cut}, ${ticked.size} selected`;
    find("runs-all").hidden = !cut;
    find("runs-all").textContent = `Show all ${rows.length}`;
  };
  const tick = () => {
    fill();
    renderCompare();
    drawCurves();
  };
  const order = sortable(table, columns, fill);

  table.addEventListener("input", (event) => {
    const index = Number(event.target.value);
    event.target.checked ? ticked.add(index) : ticked.delete(index);
    tick();
    table.querySelector(`tr[data-run="${index}"] input`)?.focus({ preventScroll: true });
  });
  find("runs-filter").addEventListener("input", fill);
  find("runs-choose").addEventListener("click", () => {
    matching().forEach((run) => ticked.add(run.index));
    tick();
  });
  find("runs-clear").addEventListener("click", () => {
    ticked.clear();
    tick();
  });
  find("runs-all").addEventListener("click", () => {
    all = true;
    fill();
  });
  fill();
}

// The runs that Compare and Curves show, and a sentence that describes them.
function shownRuns() {
  if (!ticked.size) {
    const first = runs.slice(0, LIMITS.first);
    const which = first.length < runs.length ? `the first ${first.length}` : "all";
    return { shown: first, about: `No run is selected: ${which} are shown.` };
  }
  const shown = [...ticked].slice(0, LIMITS.drawn).map((index) => runs[index]);
  const cut = shown.length < ticked.size ? `, of which the first ${shown.length} are shown` : "";
  return { shown, about: `${plural(ticked.size, "selected run")}${cut}.` };
}

// Compare.

function compareRow(shown, key, title, cell) {
  const cells = shown.map((run, i) => element("td", { "data-run": run.index }, ...[cell(run, i)].flat()));
  return element("tr", { "data-row": key }, element("th", { scope: "row" }, title), ...cells);
}

function scoreRow(shown, key, title, score) {
  const base = score(shown[0]);
  return compareRow(shown, key, title, (run, i) => {
    const value = score(run);
    if (!i || missing(value) || missing(base)) return fixed(value);
    return [fixed(value), " ", element("span", { class: "difference" }, signed(value - base))];
  });
}

function scoreRows(shown) {
  const keys = new Map();
  for (const run of shown) {
    for (const [task, scores] of Object.entries(run.scores ?? {})) {
      for (const metric of Object.keys(scores)) keys.set(`scores.${task}.${metric}`, [task, metric]);
    }
  }
  const rows = [...keys].map(([key, [task, metric]]) =>
    scoreRow(shown, key, `${task} ${metric}`, (run) => run.scores?.[task]?.[metric]));
  return [scoreRow(shown, "average", "average", (run) => run.average), ...rows];
}

function differingSettings(shown) {
  const values = (key) => new Set(shown.map((run) => JSON.stringify(run.settings[key] ?? null)));
  const keys = new Set(shown.flatMap((run) => Object.keys(run.settings)));
  return [...keys].filter((key) => values(key).size > 1);
}

function controlsOf(run) {
  const lines = (run.controls ?? []).map((control) => `step ${control.step}: ${titled(control)}`);
  const more = lines.length > LIMITS.controls ? [`and ${lines.length - LIMITS.controls} more`] : [];
  return [...lines.slice(0, LIMITS.controls), ...more].join("\n") || NONE;
}

function renderCompare() {
  const { shown, about: which } = shownRuns();
  find("compare-table").hidden = shown.length < 2;
  if (runs.length < 2) return absent("compare", "Two runs are needed for a comparison.");
  if (shown.length < 2) return say("compare-note", "One run is selected: select another one to compare.");
  const keys = differingSettings(shown);
  const same = keys.length ? "" : " Their settings do not differ.";
  say("compare-note", `${which} Differences are relative to ${shown[0].name}.${same}`);
  const group = (title, rows) => element("tbody", { class: "group" },
    element("tr", {}, element("th", { scope: "rowgroup", colspan: shown.length + 1 }, title)), ...rows);
  const plain = (key, value) => compareRow(shown, key, key, value);
  const settings = keys.map((key) => plain(key, (run) => words(run.settings[key])));
  const about = [
    plain("folder", (run) => run.path),
    plain("state", (run) => run.state),
    plain("steps", (run) => words(run.steps)),
    plain("seconds", (run) => fixed(run.seconds)),
    plain("control", controlsOf),
  ];
  const columns = shown.map((run) => ({ key: run.index, title: run.name }));
  headings(find("compare-table"), [{ key: "what", title: "" }, ...columns]);
  const groups = [group("Scores", scoreRows(shown)), group("Run", about)];
  if (keys.length) groups.unshift(group("Settings that differ", settings));
  find("compare-table").tBodies[0].replaceWith(...groups);
}
