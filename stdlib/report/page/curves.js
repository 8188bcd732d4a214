const BOX = { left: 56, right: 14, bottom: 40, top: 10, height: 300, lane: 16, letter: 7 };
const DASHES = [null, "7 5", "2 5", "10 4 2 4", "1 4 6 4"];

const stroke = (i) =>
  ({ class: "line", style: `stroke: var(--line-${i % 8})`, "stroke-dasharray": DASHES[i % DASHES.length] });

const titled = (control) =>
  (control.what === "version" ? `version ${control.sha256?.slice(0, 8) ?? ""}` : control.what);

function seriesNames() {
  const names = new Set(["loss"]);
  for (const run of runs) Object.keys(run.curve ?? {}).forEach((name) => names.add(name));
  names.delete("step");
  return [...names].filter((name) => runs.some((run) => run.curve?.[name]));
}

function pointsOf(run, series, log) {
  const values = run.curve?.[series] ?? [];
  return values.map((value, i) => {
    const drawn = typeof value === "number" && (!log || value > 0);
    return { step: run.curve.step[i], value: drawn ? value : null };
  });
}

function extent(values) {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return low < high ? [low, high] : [low - (Math.abs(low) / 2 || 1), low + (Math.abs(low) / 2 || 1)];
}

function evenTicks(low, high) {
  const rough = (high - low) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((m) => m * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function logTicks(low, high) {
  const from = Math.floor(Math.log10(low));
  const powers = Array.from({ length: Math.ceil(Math.log10(high)) - from + 1 }, (_, i) => 10 ** (from + i));
  const fine = powers.length > 4 ? powers : powers.flatMap((power) => [power, 2 * power, 5 * power]);
  const inside = fine.filter((tick) => tick >= low && tick <= high);
  return inside.length > 1 ? thinned(inside, 8) : evenTicks(low, high);
}

const thinned = (list, most) => list.filter((_, i) => i % Math.ceil(list.length / most) === 0);

function scale([low, high], from, to, log) {
  const f = log ? Math.log10 : (v) => v;
  return (value) => Number((from + ((to - from) * (f(value) - f(low))) / (f(high) - f(low))).toFixed(2));
}

function pathOf(points, x, y) {
  let pen = "M";
  return points.map(({ step, value }) => {
    if (value === null) return (pen = "M"), "";
    const part = `${pen}${x(step)} ${y(value)}${pen === "M" ? "h0" : ""}`;
    pen = "L";
    return part;
  }).join("");
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

// Where the labels of marks stand: each in the first lane that is free; with all lanes full, none.
function placed(marks, x, right) {
  const ends = [];
  return marks.map((mark, i) => {
    const text = `${i + 1} ${titled(mark)}`;
    const width = text.length * BOX.letter + 8;
    const flip = x(mark.step) + width > right;
    const start = flip ? x(mark.step) - width : x(mark.step);
    let lane = ends.findIndex((end) => end <= start);
    if (lane < 0) lane = ends.length;
    if (lane < LIMITS.lanes) ends[lane] = start + width;
    return { mark, number: i + 1, text, flip, lane: lane < LIMITS.lanes ? lane : null };
  });
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
  find("curves-text").textContent = data.texts?.[mark.text] ?? `${mark.what}\n(no text was stored)`;
}

function markLine({ mark, number, text, flip, lane }, x, top, bottom) {
  const at = x(mark.step);
  const from = lane === null ? top : BOX.top + lane * BOX.lane;
  const upright = { x1: at, x2: at, y1: from, y2: bottom };
  const group = shape("g", { class: "mark", "data-mark": number },
    shape("title", {}, `${text}: ${mark.runs.join(", ")}`),
    shape("line", upright),
    shape("line", { ...upright, class: "reach" }));
  const place = { x: flip ? at - 4 : at + 4, y: from + 11, "text-anchor": flip ? "end" : "start" };
  if (lane !== null) group.append(shape("text", place, text));
  for (const name of ["pointerenter", "click"]) group.addEventListener(name, () => showMark(mark, number));
  return group;
}

function listMarks(marks) {
  const hint = "Point at a dashed line, or choose one here, to read its text.";
  say("curves-marks-note", marks.length ? hint : "These runs have no control versions.");
  find("curves-control").hidden = true;
  find("curves-marks").replaceChildren(...marks.map((mark, i) => {
    const button = element("button", { type: "button", "data-mark": i + 1, "aria-pressed": "false" },
      `step ${mark.step}: ${titled(mark)}`, element("small", { class: "note" }, ` ${mark.runs.join(", ")}`));
    for (const name of ["pointerenter", "focus", "click"]) button.addEventListener(name, () => showMark(mark, i + 1));
    return element("li", {}, button);
  }));
}

function axes(x, y, ticks, [left, right, top, bottom], series) {
  const level = (tick) => [shape("line", { class: "grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }),
    shape("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, short(tick))];
  const notch = (tick) => [shape("line", { class: "axis", x1: x(tick), x2: x(tick), y1: bottom, y2: bottom + 4 }),
    shape("text", { x: x(tick), y: bottom + 17, "text-anchor": "middle" }, short(tick))];
  return shape("g", {}, ...ticks.y.flatMap(level), ...ticks.x.flatMap(notch),
    shape("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom }),
    shape("text", { x: (left + right) / 2, y: bottom + 34, "text-anchor": "middle" }, "step"),
    shape("text", { x: -(top + bottom) / 2, y: 12, transform: "rotate(-90)", "text-anchor": "middle" }, series));
}

// The other lines fade while one is pointed at.
function focusLine(index) {
  find("curves-figure").classList.toggle("focus", index !== null);
  for (const path of find("curves-figure").querySelectorAll(".line")) {
    path.classList.toggle("focused", Number(path.dataset.run) === index);
  }
}

function legend(lines) {
  const last = (row) => row.points.findLast((point) => point.value !== null).value;
  const lowest = (row) => row.points.reduce((low, { value }) => Math.min(low, value ?? Infinity), Infinity);
  const sample = (i) => shape("svg", { width: 44, height: 12, "aria-hidden": "true" },
    shape("path", { ...stroke(i), d: "M2 6H42" }));
  const columns = [
    { key: "run", title: "run", show: (row) => element("span", {}, sample(row.place), " ", row.run.name) },
    { key: "last", title: "last", number: true, show: (row) => short(last(row)) },
    { key: "lowest", title: "lowest", number: true, show: (row) => short(lowest(row)) },
  ];
  headings(find("curves-legend"), columns);
  find("curves-legend").tBodies[0].append(...lines.map((row) => {
    const tr = line(columns, row, { "data-run": row.run.index });
    tr.addEventListener("pointerenter", () => focusLine(row.run.index));
    tr.addEventListener("pointerleave", () => focusLine(null));
    return tr;
  }));
}

function chart(lines, marks, series, log) {
  const width = Math.max(320, find("curves-figure").clientWidth || 760);
  const [left, right] = [BOX.left, width - BOX.right];
  const points = lines.flatMap((row) => row.points.filter((point) => point.value !== null));
  const steps = extent([...points.map((point) => point.step), ...marks.map((mark) => mark.step)]);
  const values = extent(points.map((point) => point.value));
  const x = scale(steps, left, right, false);
  const labels = placed(marks, x, right);
  const top = BOX.top + BOX.lane * labels.reduce((most, label) => Math.max(most, (label.lane ?? -1) + 1), 0);
  const bottom = top + BOX.height;
  const y = scale(values, bottom, top, log);
  const ticks = {
    x: thinned(evenTicks(...steps), Math.floor(width / 60)),
    y: log ? logTicks(...values) : evenTicks(...values),
  };
  const paths = lines.map(({ run, place, points }) => shape("path",
    { ...stroke(place), d: pathOf(points, x, y), "data-run": run.index }, shape("title", {}, run.name)));
  const about = `${series} by step of ${plural(lines.length, "run")}`;
  return shape("svg", { viewBox: `0 0 ${width} ${bottom + BOX.bottom}`, role: "img", "aria-label": about },
    axes(x, y, ticks, [left, right, top, bottom], series),
    ...labels.map((label) => markLine(label, x, top, bottom)), ...paths);
}

function chosenCurves() {
  const { shown, about } = shownRuns();
  const [series, log] = [find("curves-series").value, find("curves-log").checked];
  const lines = shown.map((run, place) => ({ run, place, points: pointsOf(run, series, log) }))
    .filter((row) => row.points.some((point) => point.value !== null));
  const without = shown.length - lines.length;
  const lacking = without ? ` ${without} of them ${without === 1 ? "has" : "have"} no ${series} to draw.` : "";
  return { lines, series, log, marks: marksOf(shown), about: about + lacking };
}

function drawFigure({ lines, series, log, marks }) {
  find("curves-figure").replaceChildren(...(lines.length ? [chart(lines, marks, series, log)] : []));
}

function drawCurves() {
  if (find("curves-series").options.length === 0) return;
  const curves = chosenCurves();
  say("curves-note", curves.about);
  drawFigure(curves);
  legend(curves.lines);
  listMarks(curves.marks);
}

function renderCurves() {
  const names = seriesNames();
  if (!names.length) return absent("curves", "No curves were stored.");
  options(find("curves-series"), names.map((name) => [name, name]));
  for (const id of ["curves-series", "curves-log"]) find(id).addEventListener("input", drawCurves);
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    drawFigure(chosenCurves());
  });
  drawCurves();
}
