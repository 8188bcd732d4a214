// Curves of the shown runs, with the edits of their control files over the steps.

const LANE = 16;
const PLANE = { top: 12, height: 320, right: 14, foot: 44 };
const FIRST = ["loss", "validation"];
const KINDS = ["validation.", "task_losses.", "lr.", "temperature", "grad_norm", "grad_norms."];

const stroke = (i) => ({ style: `stroke: var(--line-${i % 8})`, "stroke-dasharray": [null, "7 4", "2 4", "10 4 2 4", "1 3"][Math.floor(i / 8) % 5] });

const titled = (control) =>
  (control.what === "version" ? `version ${control.sha256?.slice(0, 8) ?? ""}` : control.what);

// The values that any run recorded, the most interesting first.
function valuesOf(list) {
  const names = new Set(list.flatMap((run) => (run.curves ?? []).flatMap(({ y }) => Object.keys(y))));
  const rank = (name) => {
    if (FIRST.includes(name)) return FIRST.indexOf(name);
    const kind = KINDS.findIndex((start) => name.startsWith(start));
    return FIRST.length + (kind < 0 ? KINDS.length : kind);
  };
  return [...names].sort((a, b) => rank(a) - rank(b) || collator.compare(a, b));
}

// The points of a run, with null where there is no value to draw, and the lines of the record that each is the mean of.
function curveOf(run, value, log) {
  const curve = (run.curves ?? []).find(({ y }) => y[value]);
  const drawable = (y) => (y !== null && (!log || y > 0) ? y : null);
  const points = curve?.x.map((x, i) => [x, drawable(curve.y[value][i])]) ?? [];
  return points.some(([, y]) => y !== null) ? { points, size: curve.size } : null;
}

// The exponential moving average of TensorBoard (classicSmoothing in its line_chart_v2/data_transformer.ts): debiased, so
// that it does not begin at 0.
function smoothed(points, factor) {
  let [sum, count] = [0, 0];
  return points.map(([x, y]) => {
    if (y === null) return [x, null];
    sum = sum * factor + (1 - factor) * y;
    count += 1;
    return [x, sum / (1 - factor ** count)];
  });
}

// Axes: { low, high, ticks, at = value -> 0 to 1 }.

function roundStep(raw) {
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].find((digit) => digit * power >= raw * 0.999) * power;
}

function ticksWithin(low, high, step) {
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

function linearAxis(low, high, count) {
  if (high - low <= Math.abs(high) * 1e-9) [low, high] = [low - (Math.abs(low) / 10 || 1), high + (Math.abs(high) / 10 || 1)];
  const step = roundStep((high - low) / count);
  const [from, to] = [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
  return { low: from, high: to, ticks: ticksWithin(from, to, step), at: (y) => (y - from) / (to - from) };
}

function logAxis(low, high) {
  let [from, to] = [Math.log10(low), Math.log10(high)];
  const digits = to - from < 3 ? [1, 2, 5] : [1];
  const ticks = [];
  const every = Math.max(1, Math.ceil((to - from) / 8));
  for (let k = Math.floor(from); k <= Math.ceil(to); k += every) for (const digit of digits) ticks.push(Number(`${digit}e${k}`));
  const room = Math.max((to - from) * 0.04, 0.02);
  [from, to] = [from - room, to + room];
  const at = (y) => (Math.log10(y) - from) / (to - from);
  return { low: 10 ** from, high: 10 ** to, ticks: ticks.filter((y) => at(y) >= 0 && at(y) <= 1), at };
}

function stepAxis(first, last) {
  const [low, high] = [Math.min(first, 1) - 0.5, last + 0.5];
  const step = Math.max(1, roundStep((high - low) / 9));
  const ticks = [1, ...ticksWithin(step, last, step).filter((x) => x > 1)];
  return { low, high, ticks, at: (x) => (x - low) / (high - low) };
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

// Draws marks above and over the plane and returns the lanes of labels. A label is in the first free lane; if all lanes
// are full, it is not shown.
function drawMarks(svg, marks, plane, x) {
  const ends = [];
  const placed = marks.map((mark, i) => {
    const [at, text] = [x(mark.step), `${i + 1} ${cut(titled(mark), 40)}`];
    const label = shape("text", {}, text);
    const group = shape("g", { class: "mark", "data-mark": i + 1 }, shape("title", {}, `${text}: ${mark.runs.join(", ")}`), label);
    for (const name of ["pointerenter", "click"]) group.addEventListener(name, () => showMark(mark, i + 1));
    svg.append(group);
    const width = (label.getComputedTextLength() || 6 * text.length) + 8;
    const flip = at + width > plane.left + plane.width;
    const start = flip ? at - width : at;
    const free = ends.findIndex((end) => end <= start);
    const lane = free < 0 ? ends.length : free;
    if (lane < LIMITS.lanes) ends[lane] = start + width;
    return { at, label, group, flip, lane };
  });
  for (const { at, label, group, flip, lane } of placed) {
    const from = plane.top - LANE * Math.max(ends.length - lane, 0);
    const upright = { x1: at, x2: at, y1: from, y2: plane.top + plane.height };
    group.append(shape("line", upright), shape("line", { ...upright, class: "reach" }));
    dressed(label, { x: flip ? at - 4 : at + 4, y: from + 11, "text-anchor": flip ? "end" : "start" }, []);
    if (lane >= LIMITS.lanes) label.remove();
  }
  return ends.length;
}

function listMarks(marks, shown) {
  const ofAll = ({ runs }) => (runs.length === shown.length && runs.length > 1 ? `all ${runs.length} runs` : runs.join(", "));
  const hint = "Point at a dashed line, or select one here, to show its text.";
  say("curves-marks-note", marks.length ? hint : "These runs have no control versions.");
  redrawn(find("curves-marks"), () => find("curves-marks").replaceChildren(...marks.map((mark, i) => {
    const button = element("button", { type: "button", "data-mark": i + 1, "data-focus": i + 1, "aria-pressed": "false" },
      `step ${mark.step}: `, element("bdi", {}, titled(mark)), " ", element("small", { class: "note" }, ofAll(mark)));
    for (const name of ["pointerenter", "focus", "click"]) button.addEventListener(name, () => showMark(mark, i + 1));
    return element("li", {}, button);
  })));
}

function drawGrid(svg, plane, axes, label) {
  const [right, bottom] = [plane.left + plane.width, plane.top + plane.height];
  for (const tick of axes.y.ticks) {
    const y = bottom - axes.y.at(tick) * plane.height;
    svg.append(shape("line", { class: "grid", x1: plane.left, x2: right, y1: y, y2: y }),
      shape("text", { x: plane.left - 6, y: y + 4, "text-anchor": "end", "data-level": tick }, short(tick)));
  }
  for (const tick of axes.x.ticks) {
    const x = plane.left + axes.x.at(tick) * plane.width;
    svg.append(shape("line", { class: "tick", x1: x, x2: x, y1: bottom, y2: bottom + 4 }),
      shape("text", { x, y: bottom + 17, "text-anchor": "middle" }, short(tick)));
  }
  svg.append(shape("line", { class: "tick", x1: plane.left, x2: right, y1: bottom, y2: bottom }),
    shape("text", { x: plane.left + plane.width / 2, y: bottom + 36, "text-anchor": "middle" }, "step"),
    shape("text", { x: 12, y: plane.top + plane.height / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${plane.top + plane.height / 2})` }, label));
}

function pathOf(points, x, y) {
  let [path, pen] = ["", false];
  points.forEach(([step, value], i) => {
    if (value !== null) {
      path += `${pen ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`;
      if (!pen && (points[i + 1]?.[1] ?? null) === null) path += "h0";
    }
    pen = value !== null;
  });
  return path;
}

// Draws lines { run, place, points, raw }, and marks over them. Returns the plane and its axes.
function drawFigure(figure, lines, marks, { value, log }) {
  const width = Math.max(figure.clientWidth || 900, 320);
  const svg = shape("svg", { class: "curves" });
  figure.replaceChildren(svg);
  const levels = lines.flatMap(({ points, raw }) => [...points, ...(raw ?? [])].map(([, y]) => y)).filter((y) => y !== null);
  const steps = [...lines.flatMap(({ points }) => points.map(([x]) => x)), ...marks.map(({ step }) => step)];
  const most = (values) => values.reduce((a, b) => Math.max(a, b));
  const [low, high] = [-most(levels.map((y) => -y)), most(levels)];
  const axes = { x: stepAxis(-most(steps.map((x) => -x)), most(steps)), y: log ? logAxis(low, high) : linearAxis(low, high, 5) };
  const left = 30 + 7 * Math.max(...axes.y.ticks.map((tick) => short(tick).length));
  const plane = { left, top: PLANE.top, width: width - left - PLANE.right, height: PLANE.height };
  while (axes.x.ticks.length > plane.width / 56) axes.x.ticks = axes.x.ticks.filter((_, i) => i % 2 === 0);
  const x = (step) => plane.left + axes.x.at(step) * plane.width;
  const y = (level) => plane.top + (1 - axes.y.at(level)) * plane.height;
  drawGrid(svg, plane, axes, value);
  const above = LANE * drawMarks(svg, marks, plane, x);
  for (const { run, place, points, raw } of lines) {
    if (raw) svg.append(shape("path", { class: "line raw", "data-line": run.index, ...stroke(place), d: pathOf(raw, x, y) }));
    svg.append(shape("path", { class: "line", "data-line": run.index, ...stroke(place), d: pathOf(points, x, y) },
      shape("title", {}, run.name)));
  }
  svg.append(shape("line", { class: "cursor", y1: plane.top, y2: plane.top + plane.height, hidden: "" }));
  const height = above + plane.top + plane.height + PLANE.foot;
  dressed(svg, { viewBox: `0 ${-above} ${width} ${height}`, "aria-hidden": "true" }, []);
  return { x, step: (at) => axes.x.low + ((at - plane.left) / plane.width) * (axes.x.high - axes.x.low) };
}

// The other lines fade while the pointer is on one.
function focusLine(index) {
  find("curves-figure").classList.toggle("focus", index !== null);
  for (const path of find("curves-figure").querySelectorAll(".line")) {
    path.classList.toggle("focused", Number(path.dataset.line) === index);
  }
}

function legend(lines) {
  const sample = (i) => shape("svg", { class: "sample", width: 36, height: 12, "aria-hidden": "true" },
    shape("path", { class: "line", ...stroke(i), d: "M2 6H34" }));
  const ends = lines.map(({ points }) => points.map(([, y]) => y).filter((y) => y !== null));
  const [least, most] = [(list) => list.reduce((a, b) => Math.min(a, b)), (list) => list.reduce((a, b) => Math.max(a, b))];
  const columns = [
    { key: "run", title: "run", show: (row) => element("span", { class: "sampled" }, sample(row.place), nameOf(row.run, false)) },
    { key: "at", title: "at the cursor", number: true, show: () => NONE },
    { key: "last", title: "last", number: true, show: (row) => short(ends[row.place].at(-1)) },
    { key: "lowest", title: "lowest", number: true, show: (row) => short(least(ends[row.place])) },
    { key: "highest", title: "highest", number: true, show: (row) => short(most(ends[row.place])) },
  ];
  headings(find("curves-legend"), columns);
  find("curves-legend").tBodies[0].append(...lines.map((row) => {
    const tr = line(columns, row, { "data-run": row.run.index });
    tr.addEventListener("pointerenter", () => focusLine(row.run.index));
    tr.addEventListener("pointerleave", () => focusLine(null));
    return tr;
  }));
}

// A cursor over the steps, for the pointer and for the arrow keys: moves to the nearest step that a line has.
function cursorOver(figure) {
  let [lines, places, step] = [[], null, null];
  const steps = () => [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const nearest = (list, to, of) => list.reduce((best, one) => (best === null || Math.abs(of(one) - to) < Math.abs(of(best) - to) ? one : best), null);
  const show = () => {
    const mark = figure.querySelector(".cursor");
    if (!mark) return;
    mark.toggleAttribute("hidden", step === null);
    if (step !== null) dressed(mark, { x1: places.x(step), x2: places.x(step) }, []);
    figure.setAttribute("aria-valuenow", step ?? steps()[0] ?? 0);
    figure.setAttribute("aria-valuetext", step === null ? "no step" : `step ${step}`);
    find("curves-legend").querySelector('th[data-column="at"]').textContent = step === null ? "at the cursor" : `at step ${short(step)}`;
    const cells = find("curves-legend").querySelectorAll('td[data-column="at"]');
    lines.forEach(({ points }, i) => {
      const near = step === null ? null : nearest(points.filter(([, y]) => y !== null), step, ([x]) => x);
      cells[i].textContent = short(near?.[1]);
    });
  };
  const move = (to) => {
    step = to;
    show();
  };
  figure.addEventListener("pointermove", (event) => {
    if (!lines.length) return;
    const svg = figure.querySelector("svg");
    const at = (event.clientX - svg.getBoundingClientRect().left) * (svg.viewBox.baseVal.width / svg.getBoundingClientRect().width);
    move(nearest(steps(), places.step(at), (x) => x));
  });
  figure.addEventListener("pointerleave", () => move(null));
  figure.addEventListener("keydown", (event) => {
    const all = steps();
    const here = step === null ? -1 : all.indexOf(step);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, PageDown: here + 10, PageUp: here - 10, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape") move(null);
    if (to === undefined || !all.length) return;
    event.preventDefault();
    move(all[Math.max(0, Math.min(all.length - 1, to))]);
  });
  return (drawn, axes) => {
    [lines, places] = [drawn, axes];
    if (!lines.length || !steps().includes(step)) step = null;
    figure.setAttribute("aria-valuemin", steps()[0] ?? 0);
    figure.setAttribute("aria-valuemax", steps().at(-1) ?? 0);
    show();
  };
}

function renderCurves() {
  const [figure, choice] = [find("curves-figure"), find("curves-value")];
  const [log, factor] = [find("curves-log"), find("curves-smoothing")];
  const cursor = cursorOver(figure);
  let width = 0;
  rememberControl("value", choice);
  rememberControl("log", log);
  rememberControl("smoothing", factor);

  const about = (shown, which, lines) => {
    const without = shown.length - lines.length;
    const positive = log.checked ? " that is above 0" : "";
    const lacking = without ? ` ${without} of them ${without === 1 ? "has" : "have"} no ${choice.value}${positive}.` : "";
    const size = Math.max(...lines.map(({ size }) => size));
    const means = size > 1 ? ` A point is the mean of up to ${size} recorded steps.` : "";
    const average = Number(factor.value)
      ? ` Lines are exponential moving averages over the points, s = ${factor.value} s + ${(1 - factor.value).toFixed(2)} y, debiased as in TensorBoard; the values are faint.` : "";
    return which + lacking + means + average;
  };
  const draw = () => {
    const values = valuesOf(runs);
    if (absent("curves", values.length ? "" : "No curves were stored.")) return;
    options(choice, values.map((name) => [name, name]));
    find("curves-factor").textContent = Number(factor.value) ? factor.value : "none";
    const { shown, about: which } = shownRuns(LIMITS.drawn);
    const marks = marksOf(shown);
    const found = shown.map((run) => ({ run, curve: curveOf(run, choice.value, log.checked) })).filter(({ curve }) => curve);
    const lines = found.map(({ run, curve: { points, size } }, place) => (Number(factor.value)
      ? { run, place, size, points: smoothed(points, Number(factor.value)), raw: points } : { run, place, size, points }));
    figure.replaceChildren();
    figure.hidden = !lines.length;
    const places = lines.length ? drawFigure(figure, lines, marks, { value: choice.value, log: log.checked }) : null;
    say("curves-note", about(shown, which, lines));
    legend(lines);
    cursor(lines, places);
    listMarks(marks, shown);
    width = figure.clientWidth;
  };
  for (const node of [choice, log, factor]) node.addEventListener("input", draw);
  new ResizeObserver(() => {
    if (figure.clientWidth && Math.abs(figure.clientWidth - width) > 1) draw();
  }).observe(figure);
  return draw;
}
