const LIMITS = { runs: 200, rows: 200, drawn: 12, first: 6, controls: 8, labels: 12, lanes: 4 };
const NONE = "–";
const data = JSON.parse(document.getElementById("data").textContent);
const runs = data.runs.map((run, index) => ({ ...run, index }));
const ticked = new Set();
const renderers = new Map();

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

function options(select, list) {
  const before = select.value;
  select.replaceChildren(...list.map(([value, text]) => element("option", { value }, text)));
  if (list.some(([value]) => String(value) === before)) select.value = before;
}

function say(id, text) {
  find(id).textContent = text;
  find(id).hidden = !text;
}

function absent(id, text) {
  find(id).querySelector(".part").hidden = true;
  const note = find(id).querySelector(".absent");
  note.textContent = text;
  note.hidden = false;
}

// Values.

const missing = (value) => value === null || value === undefined || Number.isNaN(value);
const fixed = (value) => (typeof value === "number" ? value.toFixed(1) : NONE);
const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function signed(value) {
  const text = value.toFixed(1);
  return Number(text) === 0 ? "0.0" : (value > 0 ? "+" : "") + text;
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

// A table that is sorted by its headings: calls `changed`, and returns the function that sorts rows.
function sortable(table, columns, changed) {
  const by = { column: null, direction: 1 };
  const press = (column) => {
    by.direction = by.column === column ? -by.direction : 1;
    by.column = column;
    const name = by.direction > 0 ? "ascending" : "descending";
    cells.forEach((cell, i) => cell.setAttribute("aria-sort", columns[i] === column ? name : "none"));
    changed();
  };
  const cells = headings(table, columns, (column, title) => {
    const button = element("button", { type: "button" }, ...title);
    button.addEventListener("click", () => press(column));
    return button;
  });
  table.classList.add("rows");
  return (rows) => (by.column ? sorted(rows, by.column.value, by.direction) : rows);
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
