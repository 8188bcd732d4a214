// The address holds the view: `#curves?runs=a,b&value=loss&log=1`. Each control registers how its value is read and
// written; values as they were at the beginning are left out.

const bound = new Map();
const address = { section: "", values: new URLSearchParams() };

// Addresses are typed by people, too.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readAddress() {
  const [section, values] = location.hash.slice(1).split("?");
  address.section = decoded(section);
  address.values = new URLSearchParams(values);
}

function remember(key, read, write) {
  bound.set(key, { read, write, initial: read() });
  if (address.values.has(key)) write(address.values.get(key));
}

// An input, a box or a list of options; of a list the first option is the one at the beginning.
function rememberControl(key, node) {
  if (node.type === "checkbox") return remember(key, () => (node.checked ? "1" : ""), (value) => { node.checked = value === "1"; });
  if (node.tagName !== "SELECT") return remember(key, () => node.value, (value) => { node.value = value; });
  return remember(key, () => (node.selectedIndex > 0 ? node.value : ""), (value) => {
    node.dataset.wanted = value;
    if (value) node.value = value;
    else node.selectedIndex = 0;
  });
}

// Enters the view in the address; the view before is a step of the browser's history.
function saveView() {
  for (const [key, { read, initial }] of bound) {
    const value = read();
    if (value === initial) address.values.delete(key);
    else address.values.set(key, value);
  }
  const values = address.values.toString();
  const hash = address.section || values ? `#${encodeURIComponent(address.section)}${values ? `?${values}` : ""}` : "";
  if (hash !== location.hash) history.pushState(null, "", hash || location.pathname + location.search);
}

function restoreView() {
  readAddress();
  for (const [key, { write, initial }] of bound) write(address.values.get(key) ?? initial);
}

function goTo(id, focus) {
  const section = find(id);
  if (!section) return;
  section.scrollIntoView();
  if (focus) dressed(section.querySelector("h2") ?? section, { tabindex: -1 }, []).focus({ preventScroll: true });
}

function watchView(redraw) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link) {
      event.preventDefault();
      address.section = link.getAttribute("href").slice(1);
      redraw();
      goTo(address.section, true);
    }
    if (link || event.target.closest("button")) saveView();
  });
  document.addEventListener("change", saveView);
  window.addEventListener("popstate", () => {
    restoreView();
    redraw();
    goTo(address.section, false);
  });
}
