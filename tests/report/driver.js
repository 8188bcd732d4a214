// Appended to a page of `compt report` in a browser: uses the page as a person would, expects what the
// page's own data say, and writes a JSON object of named outcomes into a new element #outcome.
(() => {
  "use strict";

  const sent = JSON.parse(document.getElementById("data").textContent);
  const data = { ...sent, ...sent.head };
  const outcome = {};
  const find = (id) => document.getElementById(id);
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const rowsOf = (id) => [...find(id).querySelectorAll("tbody tr")];
  const cellOf = (row, column) => row.querySelector(`[data-column="${column}"]`).textContent;

  function check(name, seen, expected) {
    outcome[name] = same(seen, expected);
    if (!outcome[name]) outcome[`${name}: seen, expected`] = JSON.stringify([seen, expected]).slice(0, 400);
  }

  function set(id, value) {
    find(id)[find(id).type === "checkbox" ? "checked" : "value"] = value;
    find(id).dispatchEvent(new Event("input", { bubbles: true }));
  }

  function press(id, column) {
    const head = find(id).querySelector(`thead th[data-column="${column}"]`);
    head.querySelector("button").click();
    return head.getAttribute("aria-sort");
  }

  // Runs.

  const limit = 200;
  const shownRuns = () => rowsOf("runs-table").map((row) => Number(row.dataset.run));

  function byNumber(value, direction) {
    const present = data.runs.map((run, index) => ({ index, value: value(run) })).filter((one) => typeof one.value === "number");
    present.sort((a, b) => direction * (a.value - b.value) || a.index - b.index);
    const rest = data.runs.map((_, index) => index).filter((index) => typeof value(data.runs[index]) !== "number");
    return [...present.map((one) => one.index), ...rest].slice(0, limit);
  }

  function testSorting() {
    check("runs listed", shownRuns(), data.runs.map((_, i) => i).slice(0, limit));
    for (const [column, value] of [["average", (run) => run.average], ["seconds", (run) => run.seconds]]) {
      check(`runs by ${column}, first press`, press("runs-table", column), "ascending");
      check(`runs by ${column}, ascending`, shownRuns(), byNumber(value, 1));
      check(`runs by ${column}, second press`, press("runs-table", column), "descending");
      check(`runs by ${column}, descending`, shownRuns(), byNumber(value, -1));
    }
    check("one heading sorts", find("runs-table").querySelectorAll('th[aria-sort$="ending"]').length, 1);
  }

  // The name that the page gives a run.
  const nameOf = (index) => find("runs-table").querySelector(`tr[data-run="${index}"] .name`).textContent;

  function testNames() {
    const names = data.runs.map((_, i) => nameOf(i));
    check("names are single", new Set(names).size, names.length);
    const told = data.runs.filter((run, i) => !names[i].includes(String(run.settings.method ?? "")));
    check("names tell the method", told.map((run) => run.id), []);
    check("folders are a detail", data.runs.map((_, i) => find("runs-table").querySelector(`tr[data-run="${i}"] .id`)?.textContent ?? names[i]), data.runs.map((run) => run.id));
  }

  function testRunsFilter() {
    const name = data.runs[1].id.toLowerCase();
    const text = (run) => [nameOf(data.runs.indexOf(run)), run.id, run.path, run.state, ...Object.entries(run.settings).map(([k, v]) => `${k}=${v}`)].join(" ").toLowerCase();
    const expected = data.runs.map((_, i) => i).filter((i) => text(data.runs[i]).includes(name.split(/\s+/)[0]));
    set("runs-filter", name.split(/\s+/)[0].toUpperCase());
    check("runs filtered", shownRuns().sort((a, b) => a - b), expected);
    set("runs-filter", "no run is called so");
    check("runs filtered away", shownRuns(), []);
    set("runs-filter", "");
  }

  function testShowAll() {
    outcome["show all offered"] = find("runs-all").hidden === data.runs.length <= limit;
    find("runs-all").click();
    check("all shown", rowsOf("runs-table").length, data.runs.length);
  }

  // Compare.

  // The two runs that are selected: two with scores, if there are.
  function selected() {
    const scored = data.runs.map((_, i) => i).filter((i) => typeof data.runs[i].average === "number");
    return scored.length > 1 ? scored.slice(0, 2) : [0, 1];
  }

  function testCompare() {
    const [first, second] = selected();
    find("runs-clear").click();
    for (const index of [first, second]) find("runs-table").querySelector(`input[value="${index}"]`).click();
    const [a, b] = [data.runs[first], data.runs[second]];
    const heads = [...find("compare-table").querySelectorAll("thead th .name")].map((cell) => cell.textContent);
    check("two runs compared", heads, [nameOf(first), nameOf(second)]);
    const row = (key) => find("compare-table").querySelector(`tr[data-row="${CSS.escape(key)}"]`);
    const settings = data.varying.filter((key) => !same(a.settings[key] ?? null, b.settings[key] ?? null));
    check("settings compared", data.varying.filter((key) => row(key)), settings);
    for (const [task, metrics] of Object.entries(a.scores ?? {})) {
      for (const [metric, value] of Object.entries(metrics)) {
        const other = b.scores?.[task]?.[metric];
        if (typeof other !== "number" || typeof value !== "number") continue;
        const rounded = (other - value).toFixed(1);
        const difference = Number(rounded) === 0 ? "0.0" : (other > value ? "+" : "") + rounded;
        const cells = [...row(`scores.${task}.${metric}`).querySelectorAll("td")].map((cell) => cell.textContent);
        check(`compared ${task} ${metric}`, cells, [value.toFixed(1), `${other.toFixed(1)} ${difference}`]);
      }
    }
  }

  // Curves.

  const inFigure = (selector) => [...find("curves-figure").querySelectorAll(selector)].filter((node) => !node.hasAttribute("hidden"));
  const textsOf = (id, column) => rowsOf(id).map((row) => cellOf(row, column));

  const curveOf = (i) => (data.runs[i].curves ?? []).find(({ y }) => y[find("curves-value").value]);
  const valuesOf = (i, log) => curveOf(i).y[find("curves-value").value].filter((y) => y !== null && (!log || y > 0));

  // Where the numbers of the axis say that a value is.
  function scale(log) {
    const labels = [...find("curves-figure").querySelectorAll("[data-level]")];
    const levels = [...find("curves-figure").querySelectorAll(".grid")].map((line) => line.getBoundingClientRect().top);
    const scaled = log ? Math.log : (value) => value;
    const [low, high] = [labels[0], labels.at(-1)].map((text) => scaled(Number(text.dataset.level)));
    return (value) => levels[0] + ((levels.at(-1) - levels[0]) * (scaled(value) - low)) / (high - low);
  }

  // Every line lies where the axis says.
  function expectScale(name, shown) {
    const log = find("curves-log").checked;
    const at = scale(log);
    const near = (a, b) => Math.abs(a - b) < 2;
    const inside = shown.map((i) => {
      const box = find("curves-figure").querySelector(`path.line:not(.raw)[data-line="${i}"]`).getBoundingClientRect();
      const values = valuesOf(i, log);
      return near(box.bottom, at(Math.min(...values))) && near(box.top, at(Math.max(...values)));
    });
    check(`${name}: lines on their scale`, inside, inside.map(() => true));
    const lowest = shown.map((i) => Math.min(...valuesOf(i, log)));
    const told = textsOf("curves-legend", "lowest").map(Number);
    check(`${name}: the legend's lowest values`, told.map((value, k) => Math.abs(value - lowest[k]) <= 1e-3 * Math.abs(lowest[k])), told.map(() => true));
  }

  function testCurves() {
    if (find("curves-value").options.length === 0) return;
    const drawn = () => inFigure("path.line:not(.raw)").map((path) => Number(path.dataset.line)).sort((a, b) => a - b);
    const value = find("curves-value").value;
    const expected = selected().filter(curveOf);
    check("ticked runs drawn", drawn(), expected);
    expectScale("linear", expected);
    const paths = () => inFigure("path.line").map((path) => path.getAttribute("d")).join("");
    const before = paths();
    outcome["finite paths"] = !/NaN|Infinity/.test(before);
    const another = [...find("curves-value").options].map((option) => option.value).find((name) => name !== value);
    if (another) {
      set("curves-value", another);
      outcome["another value drawn"] = paths() !== before && !/NaN|Infinity/.test(paths());
      set("curves-value", value);
    }
    set("curves-log", true);
    outcome["logarithmic drawn"] = paths() !== before && !/NaN|Infinity/.test(paths());
    expectScale("logarithmic", expected);
    set("curves-log", false);
    check("linear again", paths(), before);
    testSmoothing(expected, before, paths);
    testCursor(expected);
    testOneLine(expected, drawn, paths, before);
    testMarks();
  }

  // The last value of a smoothed line is the debiased average of all.
  function testSmoothing(expected, before, paths) {
    set("curves-smoothing", 0.9);
    const smoothed = expected.map((i) => {
      const weights = valuesOf(i).map((_, k, all) => 0.9 ** (all.length - 1 - k));
      return valuesOf(i).reduce((sum, y, k) => sum + y * weights[k], 0) / weights.reduce((a, b) => a + b, 0);
    });
    const told = textsOf("curves-legend", "last").map(Number);
    check("smoothed last values", told.map((value, k) => Math.abs(value - smoothed[k]) <= 1e-3 * Math.abs(smoothed[k])), told.map(() => true));
    check("values behind smoothed lines", inFigure("path.line.raw").length, expected.length);
    outcome["smoothing is named"] = /exponential moving averages .* 0\.9 s/.test(find("curves-note").textContent);
    set("curves-smoothing", 0);
    check("not smoothed again", paths(), before);
  }

  function testCursor(expected) {
    const press = (key) => find("curves-figure").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    press("End");
    check("values at the last step", textsOf("curves-legend", "at"), textsOf("curves-legend", "last"));
    press("Home");
    const first = expected.map((i) => valuesOf(i)[0]);
    check("values at the first step", textsOf("curves-legend", "at").map((text, k) => Math.abs(Number(text) - first[k]) <= 1e-3 * Math.abs(first[k])), first.map(() => true));
    press("Escape");
    check("no cursor", inFigure(".cursor").length, 0);
  }

  // One run alone has an axis of its own; a legend's row fades the other lines.
  function testOneLine(expected, drawn, paths, before) {
    if (expected.length < 2) return;
    rowsOf("curves-legend")[0].dispatchEvent(new Event("pointerenter"));
    check("one line in focus", inFigure(".line.focused").map((path) => Number(path.dataset.line)), expected.slice(0, 1));
    rowsOf("curves-legend")[0].dispatchEvent(new Event("pointerleave"));
    check("no line in focus", inFigure(".line.focused").length, 0);
    const box = () => find("runs-table").querySelector(`input[value="${expected[1]}"]`);
    box().click();
    check("one line alone", drawn(), expected.slice(0, 1));
    expectScale("one line", expected.slice(0, 1));
    box().click();
    check("both lines again", paths(), before);
  }

  function testMarks() {
    const buttons = [...find("curves-marks").querySelectorAll("button")];
    check("a mark a button", find("curves-figure").querySelectorAll(".mark").length, buttons.length);
    const texts = [...new Set(selected().flatMap((i) => data.runs[i].controls ?? []).map((control) => control.text))];
    const shown = buttons.map((button) => (button.click(), find("curves-text").textContent));
    check("control texts shown", texts.filter((i) => typeof i === "number" && !shown.includes(data.texts[i])), []);
  }

  // Predictions.

  const chosen = () => {
    const [run, set, look] = ["run", "set", "look"].map((name) => find(`predictions-${name}`).value);
    return data.predictions.runs.find((entry) => entry.run === run && entry.set === Number(set) && entry.look === look);
  };

  function rowsExpected(entry) {
    const set = data.predictions.sets[entry.set];
    return entry.answer.map((answer, i) => ({ number: i + 1, text: set.texts[i], label: set.labels[set.label[i]] ?? null, answer: entry.answers[answer] }));
  }

  function expectRows(name, filter) {
    const all = rowsExpected(chosen());
    const rows = all.filter(filter);
    check(name, rowsOf("predictions-table").map((row) => Number(row.dataset.row)), rows.slice(0, limit).map((row) => row.number));
    const wrong = rows.filter((row) => row.label !== null && row.label !== row.answer).length;
    check(`${name}, count`, find("predictions-count").textContent, `${rows.length} of ${all.length} row${all.length === 1 ? "" : "s"}, ${wrong} wrong`);
  }

  function testFilters(about) {
    const wrong = (row) => row.label !== null && row.label !== row.answer;
    const { labels } = data.predictions.sets[chosen().set];
    const sample = rowsExpected(chosen()).find(wrong) ?? rowsExpected(chosen())[0];
    const part = sample.text.slice(0, 24);
    expectRows(`${about}: all rows`, () => true);
    set("predictions-text", part.toUpperCase());
    const contains = (row) => row.text.toLowerCase().includes(part.toLowerCase());
    expectRows(`${about}: by text`, contains);
    set("predictions-text", "");
    for (const label of labels.slice(0, 4)) {
      set("predictions-label", `is:${label}`);
      expectRows(`${about}: label ${label}`, (row) => row.label === label);
    }
    set("predictions-label", "");
    for (const answer of [...new Set(rowsExpected(chosen()).map((row) => row.answer))].slice(0, 4)) {
      set("predictions-answer", `is:${answer}`);
      expectRows(`${about}: prediction ${answer}`, (row) => row.answer === answer);
    }
    set("predictions-answer", "other");
    if (find("predictions-answer").value === "other") expectRows(`${about}: other predictions`, (row) => !labels.includes(row.answer));
    set("predictions-answer", "");
    set("predictions-wrong", true);
    expectRows(`${about}: wrong only`, wrong);
    set("predictions-label", `is:${sample.label}`);
    set("predictions-text", part);
    expectRows(`${about}: three filters`, (row) => wrong(row) && row.label === sample.label && contains(row));
    find("predictions-reset").click();
    expectRows(`${about}: no filter`, () => true);
  }

  function testPredictionSorting() {
    const numbers = () => rowsOf("predictions-table").map((row) => Number(row.dataset.row));
    const expected = (direction) => {
      const rows = rowsExpected(chosen()).map((row) => row.number);
      return (direction > 0 ? rows : rows.reverse()).slice(0, limit);
    };
    check("predictions by row, first press", press("predictions-table", "row"), "ascending");
    check("predictions by row, ascending", numbers(), expected(1));
    check("predictions by row, second press", press("predictions-table", "row"), "descending");
    check("predictions by row, descending", numbers(), expected(-1));
    const collator = new Intl.Collator("en", { numeric: true });
    for (const column of ["answer", "label", "right"]) {
      press("predictions-table", column);
      const cells = rowsOf("predictions-table").map((row) => cellOf(row, column)).filter((text) => text !== "(empty)");
      check(`predictions by ${column}`, cells, [...cells].sort(collator.compare));
    }
    press("predictions-table", "row");
  }

  function testConfusion(about) {
    const { labels } = data.predictions.sets[chosen().set];
    if (labels.length > 12) return check(`${about}: no counts of many labels`, find("predictions-confusion").rows.length, 0);
    const rows = rowsExpected(chosen());
    const expected = labels.map((label) => {
      const here = rows.filter((row) => row.label === label);
      const counts = labels.map((answer) => here.filter((row) => row.answer === answer).length);
      const right = here.filter((row) => row.answer === label).length;
      const other = here.length - counts.reduce((a, b) => a + b, 0);
      return [...counts, other, here.length, here.length ? `${((100 * right) / here.length).toFixed(1)} %` : "–"].map(String);
    });
    const seen = rowsOf("predictions-confusion").map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent));
    check(`${about}: label by prediction`, seen, expected);
  }

  function testPages() {
    const count = rowsExpected(chosen()).length;
    find("predictions-reset").click();
    if (count <= limit) return check("one page", find("predictions-next").disabled, true);
    find("predictions-next").click();
    check("next page", Number(rowsOf("predictions-table")[0].dataset.row), limit + 1);
    find("predictions-previous").click();
    check("previous page", Number(rowsOf("predictions-table")[0].dataset.row), 1);
  }

  function choose(entry) {
    set("predictions-run", entry.run);
    set("predictions-set", String(entry.set));
    set("predictions-look", entry.look);
    check(`chosen run ${entry.run} set ${entry.set} ${entry.look}`, chosen(), entry);
  }

  function testPredictions() {
    const entries = data.predictions?.runs ?? [];
    if (!entries.length) {
      outcome["absent predictions are said"] = /No predictions were stored/.test(find("predictions").textContent);
      return;
    }
    const first = entries[0];
    const others = [entries.find((e) => e.run !== first.run), entries.find((e) => e.set !== first.set), entries.find((e) => e.look !== first.look)];
    testPages();
    testPredictionSorting();
    for (const entry of [...others.filter(Boolean), first]) {
      choose(entry);
      testFilters(`run ${entry.run} set ${entry.set} ${entry.look}`);
      testConfusion(`run ${entry.run} set ${entry.set} ${entry.look}`);
    }
  }

  // All tasks at once, and the answers of another selected run beside.
  function testBeside() {
    const entries = data.predictions?.runs ?? [];
    const pair = entries.map((a) => [a, entries.find((b) => b.run !== a.run && b.set === a.set && b.look === a.look)]).find(([, b]) => b);
    if (!pair) return;
    find("runs-clear").click();
    for (const { run } of pair) find("runs-table").querySelector(`input[value="${data.runs.findIndex(({ id }) => id === run)}"]`).click();
    choose(pair[0]);
    const answers = ({ answer, answers }) => answer.map((i) => answers[i]);
    const [a, b] = pair.map(answers);
    check("answers beside", textsOf("predictions-table", `other ${pair[1].run}`).map((text) => (text === "(empty)" ? "" : text)), b.slice(0, limit));
    set("predictions-apart", true);
    check("rows where runs differ", rowsOf("predictions-table").length, Math.min(limit, a.filter((answer, i) => answer !== b[i]).length));
    find("predictions-reset").click();
    find("runs-clear").click();
  }

  // The address holds the view: another view, and back.
  async function testAddress() {
    const view = () => [find("runs-filter").value, find("curves-log").checked, textsOf("runs-table", "state").length, find("runs-count").textContent];
    const changed = (id, value) => {
      set(id, value);
      find(id).dispatchEvent(new Event("change", { bubbles: true }));
    };
    find("runs-clear").click();
    const before = [location.hash, view()];
    changed("runs-filter", data.runs[0].id);
    changed("curves-log", true);
    find("runs-choose").click();
    const after = [location.hash, view()];
    outcome["the address has changed"] = after[0] !== before[0] && after[0].includes("log=1") && after[0].includes("runs=");
    const back = (steps) => new Promise((resolve) => {
      window.addEventListener("popstate", resolve, { once: true });
      history.go(steps);
    });
    await back(-3);
    check("the view before", [location.hash, view()], before);
    await back(3);
    check("the view after", [location.hash, view()], after);
    changed("runs-filter", "");
    changed("curves-log", false);
    find("runs-clear").click();
  }

  function testKeys() {
    const press = (target, key) => target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    document.activeElement.blur();
    press(document.body, "/");
    check("a slash finds the search", document.activeElement.type, "search");
    press(document.activeElement, "Escape");
    check("Escape leaves it", document.activeElement, document.body);
  }

  // The whole page.

  function testPage() {
    const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
    check("ids are single", ids.filter((id, i) => ids.indexOf(id) !== i), []);
    const links = [...find("contents").querySelectorAll("a")].map((link) => link.getAttribute("href").slice(1));
    check("contents lead to sections", links, [...document.querySelectorAll("main section")].map((section) => section.id));
    const bare = [...document.querySelectorAll("input, select")].filter((input) => !input.labels.length);
    check("inputs are labelled", bare.map((input) => input.id), []);
    check("no text is run", window.hostile, undefined);
    check("nothing from elsewhere", document.querySelectorAll('[src], link:not([href^="data:"])').length, 0);
  }

  async function attempt(test) {
    try {
      await test();
    } catch (error) {
      outcome[test.name] = false;
      outcome[`${test.name}: error`] = String(error.stack);
    }
  }

  async function run() {
    if (document.documentElement.dataset.rendered !== "true") return setTimeout(run, 10);
    const tests = [testPage, testPredictions];
    if (data.runs.length > 1) tests.push(testSorting, testShowAll, testNames, testRunsFilter, testCompare, testCurves, testBeside, testAddress, testKeys);
    for (const test of tests) await attempt(test);
    outcome.passed = Object.values(outcome).every((value) => value !== false);
    outcome.checks = Object.values(outcome).filter((value) => value === true || value === false).length - 1;
    const pre = document.createElement("pre");
    pre.id = "outcome";
    pre.textContent = JSON.stringify(outcome, null, 1);
    document.body.append(pre);
  }

  window.addEventListener("load", run);
})();
