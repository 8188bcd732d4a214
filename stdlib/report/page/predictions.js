const OTHER = "(other)";
const textOf = (answer) => (answer === "" ? element("span", { class: "empty" }, "(empty)") : words(answer));

const verdict = (row) => (row.label === null ? null : row.label === row.answer ? "right" : "wrong");
const verdictOf = (row) => element("span", { class: verdict(row) }, words(verdict(row)));

const predictionColumns = [
  { key: "row", title: "row", number: true, value: (row) => row.number },
  { key: "text", title: "text", value: (row) => row.text },
  { key: "label", title: "label", value: (row) => row.label },
  { key: "answer", title: "prediction", value: (row) => row.answer, show: (row) => textOf(row.answer) },
  { key: "right", title: "right", value: (row) => verdict(row), show: verdictOf },
];

function predictionRows(entry) {
  const set = data.predictions.sets[entry.set];
  return entry.answer.map((answer, i) => ({
    number: i + 1, text: set.texts[i], label: set.labels[set.label[i]] ?? null, answer: entry.answers[answer] ?? null,
  }));
}

function counted(rows, value) {
  const counts = new Map();
  for (const row of rows) counts.set(value(row), (counts.get(value(row)) ?? 0) + 1);
  return counts;
}

const choices = (names, counts) =>
  names.map((name) => [`is:${name}`, `${name === "" ? "(empty)" : name} (${counts.get(name) ?? 0})`]);

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

function confusion(rows, labels, filter) {
  const table = find("predictions-confusion");
  const fits = labels.length <= LIMITS.labels;
  say("predictions-confusion-note", fits ? "" : `No table of counts: there are ${labels.length} labels.`);
  table.replaceChildren();
  if (!fits) return;
  const titles = ["label", ...labels, OTHER, "rows", "recall"];
  headings(table, titles.map((title, i) => ({ key: `${i}`, title, number: i > 0 })));
  table.prepend(element("caption", {}, `Label by prediction, all ${plural(rows.length, "row")}`));
  table.tBodies[0].append(...labels.map((label) => confusionRow(label, rows, labels, filter)));
}

function rowFilter(labels) {
  const [text, label, answer] = ["text", "label", "answer"].map((name) => find(`predictions-${name}`).value);
  const wrong = find("predictions-wrong").checked;
  const sought = text.toLowerCase();
  return (row) => (!sought || row.text.toLowerCase().includes(sought)) && (!label || label === `is:${row.label}`)
    && (!answer || (answer === "other" ? !labels.includes(row.answer) : answer === `is:${row.answer}`))
    && (!wrong || verdict(row) === "wrong");
}

function renderPredictions() {
  say("omitted", data.omitted ?? "");
  const { sets = [], runs: entries = [] } = data.predictions ?? {};
  if (!entries.length) return absent("predictions", "No predictions were stored.");
  const part = (name) => find(`predictions-${name}`);
  const view = { rows: [], labels: [], page: 0 };

  const list = () => {
    const rows = order(view.rows.filter(rowFilter(view.labels)));
    const pages = Math.max(1, Math.ceil(rows.length / LIMITS.rows));
    view.page = Math.min(view.page, pages - 1);
    const from = view.page * LIMITS.rows;
    const shown = rows.slice(from, from + LIMITS.rows);
    part("table").tBodies[0].replaceChildren(
      ...shown.map((row) => line(predictionColumns, row, { "data-row": row.number })));
    const wrong = rows.filter((row) => verdict(row) === "wrong").length;
    part("count").textContent = `${rows.length} of ${plural(view.rows.length, "row")}, ${wrong} wrong`;
    part("page").textContent = rows.length ? `${from + 1} to ${from + shown.length}` : "";
    part("previous").disabled = view.page === 0;
    part("next").disabled = view.page === pages - 1;
  };
  const restart = () => { view.page = 0; list(); };
  const turn = (by) => () => { view.page += by; list(); };
  const filter = (label, answer) => {
    part("label").value = `is:${label}`;
    part("answer").value = answer === OTHER ? "other" : `is:${answer}`;
    restart();
  };
  const reset = () => {
    for (const name of ["text", "label", "answer"]) part(name).value = "";
    part("wrong").checked = false;
    restart();
  };
  const choose = () => {
    const ofRun = entries.filter((entry) => entry.run === Number(part("run").value));
    const setsOfRun = [...new Set(ofRun.map((entry) => entry.set))];
    options(part("set"), setsOfRun.map((i) => [i, `${sets[i].task} (${sets[i].split})`]));
    const ofSet = ofRun.filter((entry) => entry.set === Number(part("set").value));
    options(part("look"), ofSet.map((entry) => [entry.look, entry.look]));
    const entry = ofSet.find((one) => one.look === part("look").value);
    view.rows = predictionRows(entry);
    view.labels = sets[entry.set].labels;
    options(part("label"), [["", "any"], ...choices(view.labels, counted(view.rows, (row) => row.label))]);
    options(part("answer"), answerChoices(view.rows, view.labels));
    confusion(view.rows, view.labels, filter);
    restart();
  };
  const order = sortable(part("table"), predictionColumns, restart);
  options(part("run"), [...new Set(entries.map((entry) => entry.run))].map((i) => [i, runs[i].name]));
  for (const name of ["run", "set", "look"]) part(name).addEventListener("input", choose);
  for (const name of ["text", "label", "answer", "wrong"]) part(name).addEventListener("input", restart);
  part("previous").addEventListener("click", turn(-1));
  part("next").addEventListener("click", turn(1));
  part("reset").addEventListener("click", reset);
  choose();
}
