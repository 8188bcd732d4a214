//! `compt report`, `compt runs` and what is written for other programs; the page in a real browser.

use crate::program::{Study, apart, python, read, root, skipped};
use serde_json::Value;
use std::fs;

const STUDY: &str = r#"
local compt = require "compt"
compt.ablate {
  grid = { method = { "ssum", "pt" }, seed = { 1, 2 } },
  run = function(s)
    if s.method == "pt" and s.seed == 2 then error "Out of luck" end
    local t = compt.trainer {
      backbone = compt.backbone "micro", seed = s.seed, steps = 8, progress = false, control = "control.lua",
      tasks = compt.tasks("micro", { tasks = { "sentiment", "nli3", "similarity" }, shots = 8, seed = 1, max_test = 12 }),
      method = compt.methods[s.method] { length = 3, alone = false },
    }
    t:step()
    t:set("lr.private", 0.5)
    t:run()
    if s.method == "ssum" then t:evaluate("test", { only = "src0" }) end
    return t:evaluate "test"
  end,
}
"#;

/// Three runs and one that failed, damaged and foreign folders beside them.
fn study() -> Study {
    let study = Study::new(&[("study.lua", STUDY), ("control.lua", "return { clip = 0.9 }")]);
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "runs/grid"]);
    assert!(code == 1 && err.contains("Out of luck"), "{err}");
    for (file, text) in
        [("runs/broken/result.json", "{ \"steps\": 3"), ("runs/mine/notes.txt", "hello")]
    {
        let path = study.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    study
}

/// The runs with their folders, as `compt runs --json` lists them.
fn listed(study: &Study, arguments: &[&str]) -> Vec<Value> {
    let (code, out, err) = study.run(&[&["runs"], arguments, &["--json"]].concat());
    assert_eq!(code, 0, "{err}");
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn path(run: &Value) -> &str {
    run["path"].as_str().unwrap()
}

#[test]
fn runs_are_listed_compared_tagged_and_removed() {
    let study = study();
    let (code, out, _) = study.run(&["runs"]);
    assert_eq!(code, 0);
    assert!(out.contains("3 finished, 1 failed, 1 damaged, 1 foreign"), "{out}");
    assert!(out.contains("Out of luck") && out.contains("runs/broken"), "{out}");
    assert_eq!(listed(&study, &["--where", "method=ssum"]).len(), 2);
    assert_eq!(listed(&study, &["--where", "method=ssum,pt", "--where", "seed=1"]).len(), 2);
    assert_eq!(listed(&study, &["--state", "damaged"]).len(), 1);
    let sorted = listed(&study, &["--state", "finished", "--sort", "-average"]);
    let averages: Vec<f64> = sorted.iter().map(|run| run["average"].as_f64().unwrap()).collect();
    assert!(averages.is_sorted_by(|a, b| a >= b), "{averages:?}");

    let ssum = listed(&study, &["--where", "method=ssum"]);
    let pt = listed(&study, &["--where", "method=pt", "--state", "finished"]);
    let (a, b) = (path(&ssum[0]), path(&pt[0]));
    let (code, out, err) = study.run(&["runs", "compare", a, b]);
    assert_eq!(code, 0, "{err}");
    for part in ["method ", "ssum  ->  pt", "nli3 accuracy", "average", "the same control files"] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let (code, _, err) = study.run(&["runs", "compare", a, a]);
    assert!(code == 2 && err.contains("both are the same run"), "{err}");

    assert_eq!(study.run(&["runs", "tag", "good", a, b]).0, 0);
    assert_eq!(listed(&study, &["--tag", "good"]).len(), 2);
    assert_eq!(study.run(&["runs", "tag", "good", b, "--remove"]).0, 0);
    assert_eq!(listed(&study, &["--tag", "good"]).len(), 1);

    let (code, _, err) = study.run(&["runs", "delete", b]);
    assert!(code == 2 && err.contains("there is no terminal for the confirmation"), "{err}");
    assert!(study.path(b).is_dir());
    let (code, _, err) = study.run(&["runs", "delete", "runs/mine", "--yes"]);
    assert!(code == 2 && err.contains("not the folder of a run"), "{err}");
    assert_eq!(study.run(&["runs", "delete", b, "--yes"]).0, 0);
    assert!(!study.path(b).exists());
    let (code, _, err) = study.run(&["report", "nowhere"]);
    assert!(code == 2 && err.starts_with("compt: nowhere: no such folder"), "{err}");
    let (code, _, err) = study.run(&["runs", "nowhere"]);
    assert!(code == 2 && err.contains("no such folder"), "{err}");
}

#[test]
fn metrics_are_written_for_other_programs() {
    let study = study();
    let (code, csv, err) = study.run(&["runs", "export", "runs/grid", "--csv"]);
    assert_eq!(code, 0, "{err}");
    let head = csv.lines().next().unwrap();
    assert!(
        head.starts_with("run,path,state,method,seed,shots,step,epoch,loss,")
            && head.contains("lr.private")
    );
    assert_eq!(csv.lines().count(), 1 + 3 * 8);
    let (_, jsonl, _) = study.run(&["runs", "export", "runs/grid", "--jsonl"]);
    let line: Value = serde_json::from_str(jsonl.lines().nth(1).unwrap()).unwrap();
    assert!(line["lr.private"] == 0.5 && line["step"] == 2, "{line}");

    let (code, out, err) = study.run(&["runs", "export", "runs/grid", "--tensorboard", "logs"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("35 events of 4 runs"), "{out}");
    let Some(mut python) = python("tensorboard") else { return };
    python.arg(root().join("scripts/check_tensorboard.py")).args(["logs", "runs/grid"]);
    let (code, out, err) = read(python.current_dir(study.0.path()).output().unwrap());
    assert!(code == 0, "{out}{err}");
}

#[test]
fn runs_become_offline_runs_of_weights_and_biases() {
    let Some(mut python) = python("wandb") else { return };
    let study = study();
    python.arg(root().join("scripts/export_wandb.py")).args(["runs/grid", "--dir", "."]);
    python.args(["--compt", env!("CARGO_BIN_EXE_compt")]).current_dir(study.0.path());
    let (code, out, err) = read(python.env("WANDB_SILENT", "true").output().unwrap());
    assert_eq!(code, 0, "{out}{err}");
    let names = fs::read_dir(study.path("wandb")).unwrap().map(|e| e.unwrap().file_name());
    let offline = names.filter(|name| name.to_string_lossy().starts_with("offline-run-")).count();
    assert_eq!(offline, 4, "{out}{err}");
}

#[test]
fn the_page_works_in_a_browser() {
    let study = study();
    let (code, out, err) =
        study.run(&["report", "runs", "-o", "out/page.html", "--title", "A < B"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(out.trim(), "out/page.html");
    assert!(err.contains("runs/broken is skipped: damaged") && err.contains("foreign"), "{err}");
    let page = study.text("out/page.html");
    assert!(page.contains("<title>A &lt; B</title>") && page.contains("<svg"));
    assert!(page.contains("1 run is missing"), "the table says what is missing");
    for outside in ["src=\"http", "href=\"http", "url(http", "@import"] {
        assert!(!page.contains(outside), "the page needs the network: {outside}");
    }

    let Some(outcome) = used(&study, &page) else { return };
    assert!(outcome["checks"].as_u64().unwrap() > 120, "{outcome:#}");
}

const HOSTILE: &str = r#"
local compt = require "compt"
compt.ablate {
  grid = {
    seed = { 1, 2, 3 },
    label = {
      "<script>window.hostile = 1</script>", "\"quotes\" 'and' & [brackets] {braces} `$x_1%`",
      "</title></style></script><img src=x onerror='window.hostile=2'><!--", "עברית שלום", "\u{202e}evil", "🙂🏳️‍🌈",
      "a\nb\r\nc", ("x"):rep(200), "{{script}}", "",
    },
  },
  run = function(s)
    local x = s.label == "" and 0/0 or 50 + #s.label % 37 + s.seed
    return { average = x, scores = { ["<b>task</b>"] = { accuracy = x }, [("long"):rep(50)] = { ["f1\n"] = x } } }
  end,
}
"#;

#[test]
fn names_that_look_like_a_page_are_texts_on_it() {
    let study = Study::new(&[("study.lua", HOSTILE)]);
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "runs"]);
    assert_eq!(code, 0, "{err}");
    let title = "</title><script>window.hostile = 3</script> {{data}} \u{202e}";
    let (code, _, err) = study.run(&["report", "runs", "-o", "page.html", "--title", title]);
    assert_eq!(code, 0, "{err}");
    let page = study.text("page.html");
    assert!(
        !page.contains("<script>window") && !page.contains("<img") && !page.contains("<b>task")
    );
    used(&study, &page);
}

#[test]
fn few_runs_and_none_make_a_page() {
    let study = study();
    fs::create_dir(study.path("none")).unwrap();
    let runs = listed(&study, &["--state", "finished"]);
    for (folder, words) in
        [("none", "There are no runs yet."), (path(&runs[0]), "<h2>Results</h2>")]
    {
        let (code, _, err) = study.run(&["report", folder, "-o", "page.html"]);
        assert_eq!(code, 0, "{err}");
        let page = study.text("page.html");
        assert!(page.contains(words), "{words}");
        used(&study, &page);
    }
}

/// Opens a page in a browser and uses it as `tests/report/driver.js` does; what came of it. `None`: there is no browser.
fn used(study: &Study, page: &str) -> Option<Value> {
    let Some(browser) = ["chromium", "chromium-browser", "google-chrome"].iter().find(|name| {
        apart(name).arg("--version").output().is_ok_and(|output| output.status.success())
    }) else {
        skipped("no chromium; the page was not opened");
        return None;
    };
    let driver = format!("<script>{}</script>", include_str!("../report/driver.js"));
    let at = page.rfind("</body>").unwrap();
    let driven = format!("{}{driver}{}", &page[..at], &page[at..]);
    let file = study.path("driven.html");
    fs::write(&file, driven).unwrap();
    let profile = format!("--user-data-dir={}", study.path("profile").display());
    let output = apart(browser)
        .args(["--headless=new", "--disable-gpu", "--no-sandbox", "--enable-logging=stderr"])
        .args(["--virtual-time-budget=8000", "--dump-dom", &profile])
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<&str> = said.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let dom = String::from_utf8_lossy(&output.stdout);
    let from = dom.rfind("<pre id=\"outcome\"").expect("the driver wrote what it saw");
    let text = &dom[from..];
    let text = &text[text.find('>').unwrap() + 1..text.find("</pre>").unwrap()];
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let outcome: Value = serde_json::from_str(&text).expect(&text);
    assert!(outcome["passed"] == true, "{outcome:#}");
    Some(outcome)
}
