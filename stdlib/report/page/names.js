// Runs are named by what varies between them: "ssum · 16 shots · seed 1". The folder's name is a detail.

const LAST = ["data_seed", "seed"];
const COUNTED = ["shots", "sources", "epochs", "steps"];
const LONGEST = 28;

const cut = (text, most = LONGEST) => ([...text].length > most ? `${[...text].slice(0, most - 1).join("")}…` : text);
// Characters that turn the direction of the text after them, or are written from the right: such a part is isolated.
const TURNING = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/u;
const isolated = (text) => (TURNING.test(text) ? `\u2068${text}\u2069` : text);

const isSeed = (key) => LAST.includes(key);

function byInterest(keys) {
  const rank = (key) => (key === "method" ? -1 : isSeed(key) ? 1 : 0);
  return [...keys].sort((a, b) => rank(a) - rank(b) || LAST.indexOf(b) - LAST.indexOf(a) || collator.compare(a, b));
}

// The settings that tell runs apart: each splits the runs that those before it leave together.
function tellingApart(list, keys) {
  let groups = list.map(() => "");
  return byInterest(keys).filter((key) => {
    const next = list.map((run, i) => `${groups[i]}\0${JSON.stringify(run.settings[key] ?? null)}`);
    const splits = new Set(next).size > new Set(groups).size;
    if (splits) groups = next;
    return splits;
  });
}

function namedValue(key, value) {
  if (missing(value)) return [];
  const text = isolated(cut(words(value).replace(/\s+/g, " ")));
  if (key === "method") return [text];
  if (typeof value === "boolean") return [value ? key : `no ${key}`];
  if (COUNTED.includes(key) && typeof value === "number") return [value === 1 ? `1 ${key.replace(/s$/, "")}` : `${text} ${key}`];
  return [`${key} ${text}`];
}

function namesOf(list, varying) {
  const keys = tellingApart(list, varying);
  const names = list.map((run) => keys.flatMap((key) => namedValue(key, run.settings[key])).join(" · ") || run.id);
  const counts = counted(names, (name) => name);
  return names.map((name, i) => (counts.get(name) > 1 && name !== list[i].id ? `${name} · ${list[i].id.slice(-6)}` : name));
}

// A run's name, isolated from the direction of the text around it, and its id where that tells more.
function nameOf(run, detail = true) {
  const name = element("bdi", { class: "name", title: run.path }, run.name);
  if (!detail || run.name === run.id) return name;
  return element("span", { class: "named" }, name, " ", element("bdi", { class: "id" }, run.id));
}

// The first run of each group of runs that differ in no more than the seed; those that train come first.
function oneOfEach(list) {
  const keys = data.head.varying.filter((key) => !isSeed(key));
  const found = new Map();
  for (const run of [...list].sort((a, b) => (b.state === "running") - (a.state === "running"))) {
    const group = JSON.stringify(keys.map((key) => run.settings[key] ?? null));
    if (!found.has(group)) found.set(group, run);
  }
  return [...found.values()];
}
