// The curves are templates, one for each series and scale, with all lines and axes. This code selects lines and
// shows them with the narrowest axes that contain them.

const LANE = 16;
const UNITS = 1000; // of a path along its box
const DASHES = [null, "7 5", "2 5", "10 4 2 4", "1 4 6 4"];

const stroke = (i) => ({ style: `stroke: var(--line-${i % 8})`, "stroke-dasharray": DASHES[i % DASHES.length] });
const templates = [...document.querySelectorAll("template[data-series]")];

const titled = (control) =>
  (control.what === "version" ? `version ${control.sha256?.slice(0, 8) ?? ""}` : control.what);

// Shows the narrowest axis that contains two numbers, and returns its range.
function fit(axes, low, high) {
  const ends = axes.map((axis) => ({ axis, low: Number(axis.dataset.low), high: Number(axis.dataset.high) }));
  ends.sort((a, b) => (a.high - a.low) - (b.high - b.low));
  const slack = (one) => 1e-6 * (one.high - one.low);
  const holds = (one) => one.low - slack(one) <= low && high <= one.high + slack(one);
  const chosen = ends.find(holds) ?? ends.at(-1);
  for (const axis of axes) axis.toggleAttribute("hidden", axis !== chosen.axis);
  return chosen;
}

// The coordinate of a number along one side of the plot.
const along = (axis, from, to) => (value) => from + ((to - from) * (value - axis.low)) / (axis.high - axis.low);

// A line of the figure with its index among those shown.
function shownLine(path, place) {
  const [first, last, low, high] = path.dataset.box.split(" ").map(Number);
  dressed(path, stroke(place), []);
  path.removeAttribute("hidden");
  return { path, place, first, last, low, high, run: runs[path.dataset.line] };
}

// Scales a path from its bounding box to the plot.
function stretch({ path, first, last, low, high }, x, y) {
  const [right, up] = [(x(last) - x(first)) / UNITS || 1, (y(high) - y(low)) / UNITS || 1];
  path.setAttribute("transform", `matrix(${right} 0 0 ${up} ${x(first)} ${y(low)})`);
}

// The control versions of some runs; the same one at the same step of several runs is one mark.
function marksOf(shown) {
  const marks = new Map();
  for (const run of shown) {
    for (const control of run.controls ?? []) {
      const key = JSON.stringify([control.step, control.what, control.file, control.sha256, control.text]);
      if (!marks.has(key)) marks.set(key, { ...control, runs: [] });
      marks.get(key).runs.push(run.name);
    }
  }
  return [...marks.values()].sort((a, b) => a.step - b.step);
}

function showMark(mark, number) {
  for (const node of document.querySelectorAll("#curves [data-mark]")) {
    node.classList.toggle("current", Number(node.dataset.mark) === number);
    if (node.tagName === "BUTTON") node.setAttribute("aria-pressed", Number(node.dataset.mark) === number);
  }
  const figure = find("curves-control");
  figure.hidden = false;
  const file = `${mark.file ?? "control"} at step ${mark.step}, sha256 ${mark.sha256 ?? NONE}`;
  figure.querySelector("figcaption").textContent = `${number}. ${file}`;
  find("curves-text").textContent = data.texts?.[mark.text] ?? `${mark.what}\n(the text was not stored)`;
}

// Draws marks over the plot and returns the lanes of labels above it. A label is in the first free lane; if all
// lanes are full, it is not shown.
function drawMarks(svg, marks, x) {
  const plane = svg.querySelector(".plane").getBBox();
  const ends = [];
  const placed = marks.map((mark, i) => {
    const [at, text] = [x(mark.step), `${i + 1} ${titled(mark)}`];
    const label = shape("text", {}, text);
    const group = shape("g", { class: "mark", "data-mark": i + 1 }, shape("title", {}, `${text}: ${mark.runs.join(", ")}`), label);
    for (const name of ["pointerenter", "click"]) group.addEventListener(name, () => showMark(mark, i + 1));
    svg.querySelector(".line").before(group);
    const width = label.getComputedTextLength() + 8;
    const flip = at + width > plane.x + plane.width;
    const start = flip ? at - width : at;
    const free = ends.findIndex((end) => end <= start);
    const lane = free < 0 ? ends.length : free;
    if (lane < LIMITS.lanes) ends[lane] = start + width;
    return { at, label, group, flip, lane };
  });
  for (const { at, label, group, flip, lane } of placed) {
    const from = plane.y - LANE * Math.max(ends.length - lane, 0);
    const upright = { x1: at, x2: at, y1: from, y2: plane.y + plane.height };
    group.append(shape("line", upright), shape("line", { ...upright, class: "reach" }));
    dressed(label, { x: flip ? at - 4 : at + 4, y: from + 11, "text-anchor": flip ? "end" : "start" }, []);
    if (lane >= LIMITS.lanes) label.remove();
  }
  return ends.length;
}

function listMarks(marks) {
  const hint = "Point at a dashed line, or select one here, to show its text.";
  say("curves-marks-note", marks.length ? hint : "These runs have no control versions.");
  find("curves-control").hidden = true;
  find("curves-marks").replaceChildren(...marks.map((mark, i) => {
    const button = element("button", { type: "button", "data-mark": i + 1, "aria-pressed": "false" },
      `step ${mark.step}: ${titled(mark)}`, element("small", { class: "note" }, ` ${mark.runs.join(", ")}`));
    for (const name of ["pointerenter", "focus", "click"]) button.addEventListener(name, () => showMark(mark, i + 1));
    return element("li", {}, button);
  }));
}

// The other lines fade while the pointer is on one.
function focusLine(index) {
  find("curves-figure").classList.toggle("focus", index !== null);
  for (const path of find("curves-figure").querySelectorAll(".line")) {
    path.classList.toggle("focused", Number(path.dataset.line) === index);
  }
}

function legend(lines) {
  const sample = (i) => shape("svg", { width: 44, height: 12, "aria-hidden": "true" },
    shape("path", { class: "line", ...stroke(i), d: "M2 6H42" }));
  const columns = [
    { key: "run", title: "run", show: (row) => element("span", {}, sample(row.place), " ", row.run.name) },
    { key: "last", title: "last", number: true, show: (row) => row.path.dataset.last },
    { key: "lowest", title: "lowest", number: true, show: (row) => row.path.dataset.lowest },
  ];
  headings(find("curves-legend"), columns);
  find("curves-legend").tBodies[0].append(...lines.map((row) => {
    const tr = line(columns, row, { "data-run": row.run.index });
    tr.addEventListener("pointerenter", () => focusLine(row.run.index));
    tr.addEventListener("pointerleave", () => focusLine(null));
    return tr;
  }));
}

// Draws the lines of some runs, and marks over them; returns the lines.
function drawFigure(shown, marks) {
  const [series, scale] = [find("curves-series").value, find("curves-log").checked ? "log" : "linear"];
  const template = templates.find(({ dataset }) => dataset.series === series && dataset.scale === scale);
  find("curves-figure").replaceChildren(...(template ? [template.content.cloneNode(true)] : []));
  const svg = find("curves-figure").querySelector("svg");
  const paths = shown.map((run) => svg?.querySelector(`[data-line="${run.index}"]`));
  const lines = paths.map((path, place) => path && shownLine(path, place)).filter(Boolean);
  if (!lines.length) {
    svg?.remove();
    return lines;
  }
  const most = (values) => values.reduce((a, b) => Math.max(a, b));
  const last = most([...lines.map((line) => line.last), ...marks.map((mark) => mark.step)]);
  const plane = svg.querySelector(".plane").getBBox();
  const x = along(fit([...svg.querySelectorAll(".x-axis")], 1, last), plane.x, plane.x + plane.width);
  const [low, high] = [-most(lines.map((line) => -line.low)), most(lines.map((line) => line.high))];
  const y = along(fit([...svg.querySelectorAll(".y-axis")], low, high), plane.y + plane.height, plane.y);
  for (const row of lines) stretch(row, x, y);
  const above = plane.y - 8 - LANE * drawMarks(svg, marks, x);
  const [, , width, bottom] = svg.getAttribute("viewBox").split(" ").map(Number);
  svg.setAttribute("viewBox", `0 ${above} ${width} ${bottom - above}`);
  return lines;
}

function drawCurves() {
  if (find("curves-series").options.length === 0) return;
  const { shown, about } = shownRuns();
  const marks = marksOf(shown);
  const lines = drawFigure(shown, marks);
  const without = shown.length - lines.length;
  const lacking = ` ${without} of them ${without === 1 ? "has" : "have"} no ${find("curves-series").value} to draw.`;
  say("curves-note", about + (without ? lacking : ""));
  legend(lines);
  listMarks(marks);
}

function renderCurves() {
  const names = [...new Set(templates.map((template) => template.dataset.series))];
  if (!names.length) return absent("curves", "No curves were stored.");
  options(find("curves-series"), names.map((name) => [name, name]));
  for (const id of ["curves-series", "curves-log"]) find(id).addEventListener("input", drawCurves);
  drawCurves();
}
