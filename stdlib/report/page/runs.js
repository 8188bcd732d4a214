// The list of runs, and their comparison.

const ticked = new Set();
const opened = new Set();

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
  const box = element("input", { type: "checkbox", value: run.index, "data-focus": run.id });
  box.checked = ticked.has(run.id);
  return element("label", {}, box, nameOf(run));
}

function stateOf(run) {
  const name = element("span", { class: `state-${run.state}` }, run.state);
  if (!run.error) return name;
  const details = element("details", { open: opened.has(run.id) ? "" : null },
    element("summary", { "data-focus": `error ${run.id}` }, name), element("bdi", {}, run.error));
  details.addEventListener("toggle", () => (details.open ? opened.add(run.id) : opened.delete(run.id)));
  return details;
}

function settingColumn(key) {
  const value = (run) => run.settings[key];
  const number = runs.every((run) => missing(value(run)) || typeof value(run) === "number");
  const show = (run) => element("span", { title: words(value(run)).length > 40 ? words(value(run)) : null }, words(value(run)));
  return { key: `settings.${key}`, title: key, value, number, show };
}

function scoreColumn([task, metric]) {
  const value = (run) => run.scores?.[task]?.[metric];
  return { key: `scores.${task}`, title: task, unit: metric, number: true, value, show: (run) => fixed(value(run)) };
}

function runColumns() {
  return [
    { key: "name", title: "run", value: (run) => run.name, show: tickBox },
    { key: "state", title: "state", value: (run) => run.state, show: stateOf },
    { key: "average", title: "average", number: true, value: (run) => run.average, show: (run) => fixed(run.average) },
    ...byInterest(data.head.varying).map(settingColumn),
    ...firstMetrics().map(scoreColumn),
    { key: "steps", title: "steps", number: true, value: (run) => run.steps },
    { key: "seconds", title: "seconds", number: true, value: (run) => run.seconds, show: (run) => fixed(run.seconds) },
  ];
}

function haystack(run) {
  const settings = Object.entries(run.settings).map(([key, value]) => `${key}=${words(value)}`);
  return [run.name, run.id, run.path, run.state, ...settings].join(" ").toLowerCase();
}

function renderRuns() {
  const table = find("runs-table");
  let [texts, all] = [[], false];

  const matching = () => {
    const parts = find("runs-filter").value.toLowerCase().split(/\s+/);
    return runs.filter((run) => parts.every((part) => texts[run.index].includes(part)));
  };
  const fill = () => redrawn(table, () => {
    const columns = runColumns();
    list.set(columns);
    const rows = list.order(matching());
    const shown = all ? rows : rows.slice(0, LIMITS.runs);
    table.tBodies[0].replaceChildren(...shown.map((run) =>
      line(columns, run, { "data-run": run.index, class: ticked.has(run.id) ? "ticked" : null })));
    const less = shown.length < rows.length ? `, the first ${shown.length} shown` : "";
    find("runs-count").textContent = `${rows.length} of ${plural(runs.length, "run")}${less}, ${chosenRuns().length} selected`;
    find("runs-all").hidden = !less;
    find("runs-all").textContent = `Show all ${rows.length}`;
  });
  const draw = () => {
    if (absent("runs", runs.length ? "" : "There are no runs.")) return;
    texts = runs.map(haystack);
    fill();
  };
  const select = (chosen) => {
    chosen();
    fill();
    update(["compare", "curves", "predictions"]);
  };
  const list = sortable(table, "order", fill);
  remember("runs", () => [...ticked].map(encodeURIComponent).join(","), (text) => {
    ticked.clear();
    text.split(",").filter(Boolean).forEach((id) => ticked.add(decoded(id)));
  });
  rememberControl("filter", find("runs-filter"));

  table.addEventListener("input", ({ target }) => select(() => {
    const { id } = runs[Number(target.value)];
    target.checked ? ticked.add(id) : ticked.delete(id);
  }));
  find("runs-filter").addEventListener("input", fill);
  find("runs-choose").addEventListener("click", () => select(() => matching().forEach((run) => ticked.add(run.id))));
  find("runs-clear").addEventListener("click", () => select(() => ticked.clear()));
  find("runs-all").addEventListener("click", () => {
    all = true;
    fill();
  });
  return draw;
}

// Of a run that is gone it is remembered that it was selected: it may come back.
const chosenRuns = () => runs.filter((run) => ticked.has(run.id));

// At most so many runs that Compare and Curves show, and a sentence that describes them.
function shownRuns(most) {
  const chosen = chosenRuns();
  const list = chosen.length ? chosen : oneOfEach(runs);
  const shown = list.slice(0, chosen.length ? most : Math.min(most, LIMITS.first));
  const of = shown.length < list.length ? `, of which the first ${shown.length} are shown` : "";
  if (chosen.length) return { shown, about: `${plural(chosen.length, "selected run")}${of}.` };
  if (shown.length === runs.length) return { shown, about: runs.length > 1 ? `All ${runs.length} runs.` : "" };
  return { shown, about: `No run is selected: ${shown.length} of ${runs.length} are shown, one of each group of seeds.` };
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
  return byInterest([...keys].filter((key) => values(key).size > 1));
}

function controlsOf(run) {
  const lines = (run.controls ?? []).map((control) => `step ${control.step}: ${titled(control)}`);
  const more = lines.length > LIMITS.controls ? [`and ${lines.length - LIMITS.controls} more`] : [];
  return [...lines.slice(0, LIMITS.controls), ...more].join("\n") || NONE;
}

function renderCompare() {
  return () => {
    const { shown, about: which } = shownRuns(LIMITS.compared);
    const table = find("compare-table");
    table.replaceChildren();
    if (absent("compare", runs.length < 2 ? "Two runs are needed for a comparison." : "")) return;
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
    headings(table, [{ key: "what", title: "run" }, ...shown.map((run) => ({ key: run.index, title: nameOf(run) }))]);
    const groups = [group("Scores", scoreRows(shown)), group("Run", about)];
    if (keys.length) groups.unshift(group("Settings that differ", settings));
    table.tBodies[0].replaceWith(...groups);
  };
}
