// What runs answered: the texts of a task, or of all tasks of a run, with the answers of the selected runs beside.

const OTHER = "(other)";
const ALL = "all";

const textOf = (answer) => (answer === "" ? element("span", { class: "empty" }, "(empty)") : element("bdi", {}, words(answer)));
const verdict = (row) => (row.label === null ? null : row.label === row.answer ? "right" : "wrong");
const verdictOf = (row) => element("span", { class: verdict(row) }, words(verdict(row)));

// A text in which what is sought is marked.
function marked(text, sought) {
  const node = element("bdi", {});
  const lower = text.toLowerCase();
  // Some letters have another length in lower case.
  if (!sought || lower.length !== text.length) return dressed(node, {}, [text]);
  let from = 0;
  for (let at = lower.indexOf(sought); at >= 0; at = lower.indexOf(sought, from)) {
    node.append(text.slice(from, at), element("mark", {}, text.slice(at, at + sought.length)));
    from = at + sought.length;
  }
  return dressed(node, {}, [text.slice(from)]);
}

function predictionColumns(view, sought) {
  const beside = (name) => (row) => row.others[name];
  return [
    { key: "row", title: "row", number: true, value: (row) => row.number },
    ...(view.several ? [{ key: "task", title: "task", value: (row) => row.task }] : []),
    { key: "text", title: "text", value: (row) => row.text, show: (row) => marked(row.text, sought()) },
    { key: "label", title: "label", value: (row) => row.label, show: (row) => textOf(row.label) },
    { key: "answer", title: "prediction", value: (row) => row.answer, show: (row) => textOf(row.answer) },
    { key: "right", title: "right", value: (row) => verdict(row), show: verdictOf },
    ...view.others.map((run) => ({
      key: `other ${run.id}`, title: run.name, value: beside(run.id),
      show: (row) => element("span", { class: row.others[run.id] === row.label ? null : "wrong" }, textOf(beside(run.id)(row) ?? null)),
    })),
  ];
}

function predictionRows(entry, others) {
  const set = data.predictions.sets[entry.set];
  const answerOf = (one, i) => one.answers[one.answer[i]] ?? null;
  return entry.answer.map((_, i) => ({
    number: i + 1, task: set.task, labels: set.labels, text: set.texts[i], label: set.labels[set.label[i]] ?? null,
    answer: answerOf(entry, i), others: Object.fromEntries(others.map((other) => [other.run, answerOf(other, i)])),
  }));
}

const choices = (names, counts) =>
  names.map((name) => [`is:${name}`, `${name === "" ? "(empty)" : cut(name, 60)} (${counts.get(name) ?? 0})`]);

function answerChoices(rows, labels) {
  const counts = counted(rows, (row) => row.answer);
  const foreign = (answer) => answer !== null && !labels.includes(answer);
  const others = [...counts.keys()].filter(foreign).sort(collator.compare);
  const other = others.reduce((sum, answer) => sum + counts.get(answer), 0);
  const grouped = other ? [["other", `${OTHER} (${other})`]] : [];
  return [["", "any"], ...choices(labels, counts), ...grouped, ...choices(others, counts)];
}

function confusionRow(label, rows, labels, filter) {
  const here = rows.filter((row) => row.label === label);
  const counts = counted(here, (row) => (labels.includes(row.answer) ? row.answer : OTHER));
  const cells = [...labels, OTHER].map((answer) => {
    const count = counts.get(answer) ?? 0;
    const button = element("button", {
      type: "button",
      disabled: count ? null : "",
      style: `--share: ${here.length ? count / here.length : 0}`,
      "aria-label": `${plural(count, "row")} of label ${label} and prediction ${answer}: show them`,
    }, String(count));
    button.addEventListener("click", () => filter(label, answer));
    return element("td", { "data-answer": answer, class: label === answer ? "same" : null }, button);
  });
  const recall = here.length ? `${((100 * (counts.get(label) ?? 0)) / here.length).toFixed(1)} %` : NONE;
  const sums = [String(here.length), recall].map((text) => element("td", {}, element("span", {}, text)));
  return element("tr", { "data-label": label }, element("th", { scope: "row" }, label), ...cells, ...sums);
}

function confusion(view, filter) {
  const { rows, labels } = view;
  const table = find("predictions-confusion");
  const many = labels.length > LIMITS.labels ? `No table of counts: there are ${labels.length} labels.` : "";
  say("predictions-confusion-note", many);
  table.replaceChildren();
  if (many || view.several || !labels.length) return;
  const titles = ["label", ...labels, OTHER, "rows", "recall"];
  headings(table, titles.map((title, i) => ({ key: `${i}`, title, number: i > 0 })));
  table.prepend(element("caption", {}, `Label by prediction, all ${plural(rows.length, "row")}`));
  table.tBodies[0].append(...labels.map((label) => confusionRow(label, rows, labels, filter)));
}

function rowFilter(part) {
  const [text, label, answer] = ["text", "label", "answer"].map((name) => part(name).value);
  const [wrong, apart] = [part("wrong").checked, part("apart").checked];
  const sought = text.toLowerCase();
  return (row) => (!sought || row.text.toLowerCase().includes(sought)) && (!label || label === `is:${row.label}`)
    && (!answer || (answer === "other" ? !row.labels.includes(row.answer) : answer === `is:${row.answer}`))
    && (!wrong || verdict(row) === "wrong") && (!apart || Object.values(row.others).some((other) => other !== row.answer));
}

// Fills the lists of runs, tasks and evaluations, and returns what they choose: its rows, and the runs beside.
function chosenView(part) {
  const { sets, runs: entries } = data.predictions;
  const answered = new Set(entries.map((entry) => entry.run));
  options(part("run"), runs.filter(({ id }) => answered.has(id)).map((run) => [run.id, run.name]));
  const ofRun = entries.filter((entry) => entry.run === part("run").value);
  const setsOfRun = [...new Set(ofRun.map((entry) => entry.set))];
  const tasks = setsOfRun.map((i) => [i, `${sets[i].task} (${sets[i].split})`]);
  options(part("set"), setsOfRun.length > 1 ? [...tasks, [ALL, "all tasks"]] : tasks);
  const several = part("set").value === ALL;
  const ofSet = several ? ofRun : ofRun.filter((entry) => entry.set === Number(part("set").value));
  options(part("look"), [...new Set(ofSet.map((entry) => entry.look))].map((look) => [look, look]));
  const chosen = ofSet.filter((entry) => entry.look === part("look").value);
  const alike = (entry) => entries.filter((one) => one.set === entry.set && one.look === entry.look && one.run !== entry.run && ticked.has(one.run));
  const others = new Set(chosen.flatMap((entry) => alike(entry).map((one) => one.run)));
  const beside = runs.filter(({ id }) => others.has(id)).slice(0, LIMITS.beside);
  // What tells these few apart is shorter than their names among all.
  const names = namesOf([...runs.filter(({ id }) => id === part("run").value), ...beside], data.head.varying);
  const rows = chosen.flatMap((entry) => predictionRows(entry, alike(entry).filter((one) => beside.some(({ id }) => id === one.run))));
  return { rows, labels: [...new Set(rows.flatMap((row) => row.labels))], others: beside.map((run, i) => ({ ...run, name: names[i + 1] })), several };
}

function renderPredictions() {
  const part = (name) => find(`predictions-${name}`);
  let [view, page] = [{ rows: [], labels: [], others: [], several: false }, 0];
  const sought = () => part("text").value.toLowerCase();

  const fill = () => {
    const columns = predictionColumns(view, sought);
    table.set(columns);
    const rows = table.order(view.rows.filter(rowFilter(part)));
    const pages = Math.max(1, Math.ceil(rows.length / LIMITS.rows));
    page = Math.max(0, Math.min(page, pages - 1));
    const from = page * LIMITS.rows;
    const shown = rows.slice(from, from + LIMITS.rows);
    part("table").tBodies[0].replaceChildren(...shown.map((row) => line(columns, row, { "data-row": row.number })));
    const wrong = rows.filter((row) => verdict(row) === "wrong").length;
    part("count").textContent = `${rows.length} of ${plural(view.rows.length, "row")}, ${wrong} wrong`;
    part("page").textContent = rows.length ? `${from + 1} to ${from + shown.length}` : "";
    part("previous").disabled = page === 0;
    part("next").disabled = page === pages - 1;
  };
  const restart = () => { page = 0; fill(); };
  const turn = (by) => () => { page += by; fill(); };
  const filter = (label, answer) => {
    part("label").value = `is:${label}`;
    part("answer").value = answer === OTHER ? "other" : `is:${answer}`;
    restart();
  };
  const reset = () => {
    for (const name of ["text", "label", "answer"]) part(name).value = "";
    part("wrong").checked = part("apart").checked = false;
    restart();
  };
  const draw = () => {
    say("omitted", data.head.omitted ?? "");
    if (absent("predictions", data.predictions.runs.length ? "" : "No predictions were stored.")) return;
    view = chosenView(part);
    options(part("label"), [["", "any"], ...choices(view.labels, counted(view.rows, (row) => row.label))]);
    options(part("answer"), answerChoices(view.rows, view.labels));
    part("apart").closest("label").hidden = !view.others.length;
    if (!view.others.length) part("apart").checked = false;
    const [run, ...rest] = ["run", "set", "look"].map((name) => part(name).selectedOptions[0]?.textContent ?? "");
    part("of").replaceChildren(element("bdi", {}, run), `, ${rest.join(", ")}`);
    confusion(view, filter);
    fill();
  };
  const choose = () => { page = 0; draw(); };
  const table = sortable(part("table"), "sort", restart);
  const keys = { run: "run", set: "task", look: "look", text: "text", label: "label", answer: "answer", wrong: "wrong", apart: "apart" };
  for (const [name, key] of Object.entries(keys)) rememberControl(key, part(name));
  remember("page", () => (page ? String(page) : ""), (text) => { page = Number(text) || 0; });
  for (const name of ["run", "set", "look"]) part(name).addEventListener("input", choose);
  for (const name of ["text", "label", "answer", "wrong", "apart"]) part(name).addEventListener("input", restart);
  part("previous").addEventListener("click", turn(-1));
  part("next").addEventListener("click", turn(1));
  part("reset").addEventListener("click", reset);
  return draw;
}
