const LIMITS = { runs: 200, rows: 200, drawn: 40, compared: 12, first: 8, beside: 4, controls: 8, labels: 12, lanes: 4 };
const NONE = "–";

// The data: what the page was made with, and what a server has sent since.

const data = { head: { varying: [], common: {}, environments: [] }, texts: [], predictions: { sets: [], runs: [] } };
const known = new Map();
let runs = [];

function take({ order = runs.map((run) => run.id), runs: changed = [], ...parts }) {
  Object.assign(data, parts);
  for (const run of changed) known.set(run.id, run);
  for (const id of [...known.keys()]) if (!order.includes(id)) known.delete(id);
  const names = namesOf(order.map((id) => known.get(id)), data.head.varying);
  runs = order.map((id, index) => ({ ...known.get(id), index, name: names[index] }));
}

// Elements.

const find = (id) => document.getElementById(id);

function dressed(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const element = (tag, attributes = {}, ...children) =>
  dressed(document.createElement(tag), attributes, children);
const shape = (tag, attributes = {}, ...children) =>
  dressed(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// Keeps the choice, or takes the one that the address asks for.
function options(select, list) {
  const wanted = select.dataset.wanted ?? select.value;
  delete select.dataset.wanted;
  const same = [...select.options].map(({ value, text }) => value + text).join("\n") === list.map(([value, text]) => value + text).join("\n");
  // A list that is open would close.
  if (!same) select.replaceChildren(...list.map(([value, text]) => element("option", { value }, text)));
  if (list.some(([value]) => String(value) === wanted)) select.value = wanted;
}

function say(id, text) {
  find(id).textContent = text;
  find(id).hidden = !text;
}

function absent(id, text) {
  find(id).querySelector(".part").hidden = Boolean(text);
  const note = find(id).querySelector(".absent");
  note.textContent = text;
  note.hidden = !text;
  return Boolean(text);
}

// Draws the contents of an element anew; what was focused in it by its data-focus is focused again.
function redrawn(node, draw) {
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  draw();
  if (focused !== undefined) node.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

// Values.

const missing = (value) => value === null || value === undefined || Number.isNaN(value);
const fixed = (value) => (typeof value === "number" ? value.toFixed(1) : NONE);
const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function signed(value) {
  const text = value.toFixed(1);
  return Number(text) === 0 ? "0.0" : (value > 0 ? "+" : "") + text;
}

// A number with four significant digits.
function short(value) {
  if (missing(value)) return NONE;
  const [size, rounded] = [Math.abs(value), Number(value.toPrecision(4))];
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? rounded.toExponential().replace("e+", "e") : String(rounded);
}

function words(value) {
  if (missing(value)) return NONE;
  if (Array.isArray(value)) return value.map(words).join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  return value === "" ? '""' : String(value);
}

const collator = new Intl.Collator("en", { numeric: true });

function ordered(a, b) {
  return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(words(a), words(b));
}

function sorted(rows, value, direction) {
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    return missing(x) || missing(y) ? missing(x) - missing(y) : direction * ordered(x, y);
  });
}

function counted(rows, value) {
  const counts = new Map();
  for (const row of rows) counts.set(value(row), (counts.get(value(row)) ?? 0) + 1);
  return counts;
}

// Tables. A column is { key, title, unit, number, value = row -> sorted by, show = row -> text or node }.

function headings(table, columns, button) {
  const cells = columns.map((column) => {
    const title = column.unit ? [column.title, element("small", {}, column.unit)] : [column.title];
    return element("th", { scope: "col", "data-column": column.key, class: column.number ? "number" : null },
      ...(button ? [button(column, title)] : title));
  });
  table.replaceChildren(element("thead", {}, element("tr", {}, ...cells)), element("tbody"));
  return cells;
}

// A table that is sorted by its headings: calls `changed`. Returns the function that sets its columns, and the one
// that sorts rows. The address names the order by `key`.
function sortable(table, key, changed) {
  const by = { key: "", direction: 1, columns: [] };
  const mark = () => {
    for (const cell of table.querySelectorAll("thead th")) {
      const name = by.direction > 0 ? "ascending" : "descending";
      cell.setAttribute("aria-sort", cell.dataset.column === by.key ? name : "none");
    }
  };
  const press = (column) => {
    by.direction = by.key === column ? -by.direction : 1;
    by.key = column;
    mark();
    changed();
  };
  table.classList.add("rows");
  remember(key, () => (by.key ? (by.direction > 0 ? "" : "-") + by.key : ""), (text) => {
    by.direction = text.startsWith("-") ? -1 : 1;
    by.key = text.replace(/^-/, "");
    mark();
  });
  return {
    set(columns) {
      const same = columns.map(({ key, title }) => key + title).join() === by.columns.map(({ key, title }) => key + title).join();
      by.columns = columns;
      if (same) return;
      headings(table, columns, (column, title) => {
        const button = element("button", { type: "button", "data-focus": `by ${column.key}`, title: String(column.title).length > 24 ? column.title : null }, ...title);
        button.addEventListener("click", () => press(column.key));
        return button;
      });
      mark();
    },
    order(rows) {
      const column = by.columns.find(({ key }) => key === by.key);
      return column ? sorted(rows, column.value, by.direction) : rows;
    },
  };
}

function line(columns, row, attributes) {
  const cells = columns.map((column, i) => {
    const content = column.show ? column.show(row) : words(column.value(row));
    const about = { "data-column": column.key, class: column.number ? "number" : null };
    return element(i ? "td" : "th", i ? about : { ...about, scope: "row" }, content);
  });
  return element("tr", attributes, ...cells);
}

function facts(table, entries) {
  const rows = entries.map(([key, value]) =>
    element("tr", { "data-row": key }, element("th", { scope: "row" }, key), element("td", {}, words(value))));
  table.replaceChildren(element("tbody", {}, ...rows));
}

const byKey = (object) => Object.entries(object).sort(([a], [b]) => collator.compare(a, b));
