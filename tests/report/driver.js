// Appended to a page of `compt report` in a browser: uses the page as a person would, expects what the
// page's own data say, and writes a JSON object of named outcomes into a new element #outcome.
(() => {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
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

  function testRunsFilter() {
    const name = data.runs[1].name.toLowerCase();
    const text = (run) => [run.name, run.path, run.state, ...Object.entries(run.settings).map(([k, v]) => `${k}=${v}`)].join(" ").toLowerCase();
    set("runs-filter", name.split(/\s+/)[0].toUpperCase());
    const expected = data.runs.map((_, i) => i).filter((i) => text(data.runs[i]).includes(name.split(/\s+/)[0]));
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

  const scored = () => data.runs.map((_, i) => i).filter((i) => typeof data.runs[i].average === "number");

  function testCompare() {
    const [first, second] = scored().length > 1 ? scored() : [0, 1];
    find("runs-clear").click();
    for (const index of [first, second]) find("runs-table").querySelector(`input[value="${index}"]`).click();
    const [a, b] = [data.runs[first], data.runs[second]];
    const heads = [...find("compare-table").querySelectorAll("thead th")].slice(1).map((cell) => cell.textContent);
    check("two runs compared", heads, [a.name, b.name]);
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

  // Every line lies in the plane, and its lowest value where the numbers of the axis say.
  function expectScale(name) {
    check(`${name}: one axis on each side`, [inFigure(".x-axis").length, inFigure(".y-axis").length], [1, 1]);
    const [plane, [axis]] = [inFigure(".plane")[0].getBoundingClientRect(), inFigure(".y-axis")];
    const numbers = [...axis.querySelectorAll('text[text-anchor="end"]')].map((text) => Number(text.textContent));
    const levels = [...axis.querySelectorAll('[stroke="#dddddd"]')].map((line) => line.getBoundingClientRect().top);
    const scaled = find("curves-log").checked ? Math.log : (value) => value;
    const [low, high] = [scaled(numbers[0]), scaled(numbers.at(-1))];
    const at = (value) => levels[0] + ((levels.at(-1) - levels[0]) * (scaled(value) - low)) / (high - low);
    const near = (a, b) => Math.abs(a - b) < 4;
    const inside = inFigure("path[data-line]").map((path) => {
      const box = path.getBoundingClientRect();
      const within = box.left > plane.left - 4 && box.right < plane.right + 4 && box.top > plane.top - 4;
      return within && near(box.bottom, at(Number(path.dataset.lowest)));
    });
    check(`${name}: lines on their scale`, inside, inside.map(() => true));
    check(`${name}: the legend's lowest values`, textsOf("curves-legend", "lowest"), inFigure("path[data-line]").map((path) => path.dataset.lowest));
  }

  function testCurves() {
    if (find("curves-series").options.length === 0) return;
    const drawn = () => inFigure("path[data-line]").map((path) => Number(path.dataset.line)).sort((a, b) => a - b);
    const series = find("curves-series").value;
    const stored = (i) => document.querySelector(`template[data-series="${series}"][data-scale="linear"]`).content.querySelector(`[data-line="${i}"]`);
    const expected = scored().slice(0, 2).filter(stored);
    if (scored().length > 1) check("ticked runs drawn", drawn(), expected);
    expectScale("linear");
    const paths = () => inFigure("path[data-line]").map((path) => path.getAttribute("d") + path.getAttribute("transform")).join("");
    const before = paths();
    outcome["finite paths"] = !/NaN|Infinity/.test(before);
    const another = [...find("curves-series").options].map((option) => option.value).find((value) => value !== series);
    if (another) {
      set("curves-series", another);
      outcome["another series drawn"] = paths() !== before && !/NaN|Infinity/.test(paths());
      set("curves-series", series);
    }
    set("curves-log", true);
    outcome["logarithmic drawn"] = paths() !== before && !/NaN|Infinity/.test(paths());
    expectScale("logarithmic");
    set("curves-log", false);
    check("linear again", paths(), before);
    testOneLine(expected, drawn, paths);
    testMarks();
  }

  // One run alone has axes of its own; a legend's row fades the other lines.
  function testOneLine(expected, drawn, paths) {
    if (expected.length < 2) return;
    const before = paths();
    rowsOf("curves-legend")[0].dispatchEvent(new Event("pointerenter"));
    check("one line in focus", inFigure(".line.focused").map((path) => Number(path.dataset.line)), expected.slice(0, 1));
    rowsOf("curves-legend")[0].dispatchEvent(new Event("pointerleave"));
    check("no line in focus", inFigure(".line.focused").length, 0);
    const box = () => find("runs-table").querySelector(`input[value="${expected[1]}"]`);
    box().click();
    check("one line alone", drawn(), expected.slice(0, 1));
    expectScale("one line");
    box().click();
    check("both lines again", paths(), before);
  }

  function testMarks() {
    const buttons = [...find("curves-marks").querySelectorAll("button")];
    check("a mark a button", find("curves-figure").querySelectorAll(".mark").length, buttons.length);
    const texts = [...new Set(scored().slice(0, 2).flatMap((i) => data.runs[i].controls ?? []).map((control) => control.text))];
    const shown = buttons.map((button) => (button.click(), find("curves-text").textContent));
    check("control texts shown", texts.filter((i) => typeof i === "number" && !shown.includes(data.texts[i])), []);
  }

  // Predictions.

  const chosen = () => {
    const [run, set, look] = ["run", "set", "look"].map((name) => find(`predictions-${name}`).value);
    return data.predictions.runs.find((entry) => entry.run === Number(run) && entry.set === Number(set) && entry.look === look);
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
    set("predictions-run", String(entry.run));
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

  // The whole page.

  function testPage() {
    const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
    check("ids are single", ids.filter((id, i) => ids.indexOf(id) !== i), []);
    const links = [...find("contents").querySelectorAll("a")].map((link) => link.getAttribute("href").slice(1));
    check("contents lead to sections", links, [...document.querySelectorAll("main > section")].map((section) => section.id));
    const bare = [...document.querySelectorAll("input, select")].filter((input) => !input.labels.length);
    check("inputs are labelled", bare.map((input) => input.id), []);
    check("nothing from elsewhere", [...document.querySelectorAll("[src], link")].length, 0);
  }

  function attempt(test) {
    try {
      test();
    } catch (error) {
      outcome[test.name] = false;
      outcome[`${test.name}: error`] = String(error.stack);
    }
  }

  function run() {
    if (document.documentElement.dataset.rendered !== "true") return setTimeout(run, 10);
    const tests = [testPage, testPredictions];
    if (data.runs.length > 1) tests.push(testSorting, testRunsFilter, testShowAll, testCompare, testCurves);
    tests.forEach(attempt);
    outcome.passed = Object.values(outcome).every((value) => value !== false);
    outcome.checks = Object.values(outcome).filter((value) => value === true || value === false).length - 1;
    const pre = document.createElement("pre");
    pre.id = "outcome";
    pre.textContent = JSON.stringify(outcome, null, 1);
    document.body.append(pre);
  }

  window.addEventListener("load", run);
})();
