//! `compt runs export` and `runs:export` as tables, read back with pandas.

use crate::program::{Study, python, read, root};
use serde_json::Value;
use std::fs;

/// Two methods with two seeds, evaluated during training and with one prompt alone; a run that fails.
const STUDY: &str = r#"
local compt, small = require "compt", require "small"
compt.ablate {
  grid = { method = { "ssum", "pt" }, seed = { 1, 2 } },
  run = function(s)
    if s.method == "pt" and s.seed == 2 then error "Out of luck" end
    local t = small.trainer {
      method = compt.methods[s.method] { length = 3, alone = false }, seed = s.seed, evaluate_every = 2, evaluate_limit = 2,
    }
    t:run()
    if s.method == "ssum" then t:evaluate("test", { only = "src0" }) end
    return t:evaluate "test"
  end,
}
"#;

/// Methods with these names, and scores that are known.
const NAMED: &str = r#"
local compt = require "compt"
local names = {
  [[quote " and ']], "comma, semicolon;", "line\nbreak", "carriage\r\nreturn", "emoji 👩‍🔬", "שלום", "=SUM(A1)", "+1 x", "-x", "@a",
  ("x"):rep(200), "tab\tstop", " space ", "a\\b", "{\"json\": 1}",
}
compt.ablate {
  grid = { method = names, seed = { 1, 2 } },
  run = function(s)
    local score = #s.method + s.seed / 8
    return { average = score, scores = { [s.method] = { ["metric " .. s.method] = score } } }
  end,
}
"#;

fn export(study: &Study, arguments: &[&str]) -> String {
    let (code, out, err) = study.run(&[&["runs", "export"], arguments].concat());
    assert_eq!(code, 0, "{err}");
    out
}

/// Exports everything to `tables` and compares it with the records in Python.
fn agrees(study: &Study) {
    for to in [
        &["--csv", "--raw", "--out", "tables"][..],
        &["--jsonl", "-o", "tables"],
        &["--parquet", "tables"],
    ] {
        let out = export(study, &[&["runs"], to].concat());
        assert_eq!(out.lines().count(), 4, "{out}");
    }
    let Some(mut python) = python("pandas, pyarrow") else { return };
    python.arg(root().join("scripts/check_tables.py")).args(["tables", "runs"]);
    let (code, out, err) = read(python.current_dir(study.0.path()).output().unwrap());
    assert!(code == 0 && out.contains("values are the same"), "{out}{err}");
}

#[test]
fn tables_of_runs_are_read_by_pandas() {
    let study = Study::small(STUDY);
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "runs"]);
    assert!(code == 1 && err.contains("Out of luck"), "{err}");
    agrees(&study);

    let steps = export(&study, &["runs", "--csv"]);
    assert!(steps.starts_with("run,path,state,method,seed,shots,step,epoch,loss,"), "{steps}");
    assert_eq!(steps.lines().count(), 1 + 3 * 6);
    assert_eq!(study.text("tables/steps.csv"), steps);
    let scores =
        export(&study, &["runs", "--table", "scores", "--jsonl", "--where", "method=ssum"]);
    assert!(scores.lines().all(|line| {
        let row: Value = serde_json::from_str(line).unwrap();
        row["method"] == "ssum" && row["score"].is_number()
    }));
    // Three tasks in the result and in each of three evaluations during training; one of the tasks has two metrics.
    let result = |metrics: usize| metrics + 3 * 3;
    assert_eq!(scores.lines().count(), 2 * (result(4) + 4));
    let (_, _, err) = study.run(&["runs", "export", "runs", "--table", "scores", "--csv"]);
    assert!(
        err.contains("note: 1 of 4 runs have no rows in 'scores', having recorded none: runs/pt-"),
        "{err}"
    );

    let script = r#"
local compt = require "compt"
local runs = compt.runs "runs"
for _, name in ipairs { "evaluations", "scores", "settings", "steps" } do
  runs:export("lua/" .. name .. ".csv", { raw = true })
  runs:export("lua/" .. name .. ".jsonl")
  runs:export("lua/x.parquet", { table = name })
  assert(os.rename("lua/x.parquet", "lua/" .. name .. ".parquet"))
end
local rows, names = runs:where({ method = "ssum" }):rows "scores"
local count = 0
for _, row in ipairs(rows) do
  if row.evaluation == "result" and row.main then count = count + row.score / 3 end
end
local average = 0
for _, run in ipairs(runs:where { method = "ssum" }) do average = average + run.average end
assert(math.abs(count - average) < 1e-9 and names[1] == "run" and names[#names] == "max_new_tokens", names[#names])
for _, wrong in ipairs { { "lua/x.csv" }, { "lua/scores.xlsx" }, { "scores.csv", { tabel = "steps" } }, { "a.csv", { table = "runs" } } } do
  assert(not pcall(runs.export, runs, table.unpack(wrong)))
end
assert(not pcall(runs.rows, runs, "score"))
"#;
    fs::write(study.path("export.lua"), script).unwrap();
    let (code, _, err) = study.run(&["run", "export.lua"]);
    assert_eq!(code, 0, "{err}");
    for entry in fs::read_dir(study.path("tables")).unwrap() {
        let name = entry.unwrap().file_name();
        let read = |folder: &str| fs::read(study.path(folder).join(&name)).unwrap();
        assert!(read("tables") == read("lua"), "{name:?}");
    }
}

#[test]
fn names_survive_in_tables() {
    let study = Study::small(NAMED);
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "runs"]);
    assert_eq!(code, 0, "{err}");
    agrees(&study);
    let table =
        |raw: &[&str]| export(&study, &[&["runs", "--table", "scores", "--csv"], raw].concat());
    let safe = table(&[]);
    assert!(
        safe.contains(",'=SUM(A1),") && safe.contains(",'@a,") && safe.contains(",'-x,"),
        "{safe}"
    );
    assert!(table(&["--raw"]).contains(",=SUM(A1),"));
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let study = Study::small("");
    fs::create_dir_all(study.path("runs/empty")).unwrap();
    for (arguments, text) in [
        (&["runs", "--csv"][..], "there are no runs to export"),
        (&["runs", "--csv", "--table", "score"], "unknown table 'score'"),
        (&["runs", "--parquet", "a", "--out", "b"], "cannot be used with"),
        (&["runs", "--table", "steps"], "required"),
        (&["nowhere", "--csv"], "no such folder"),
    ] {
        let (code, out, err) = study.run(&[&["runs", "export"], arguments].concat());
        assert!(code != 0 && out.is_empty() && err.contains(text), "{arguments:?}: {code} {err}");
    }
    let cell = r#"{ "settings": { "seed": 1 }, "outcome": "finished", "average": 3 }"#;
    fs::write(study.path("runs/empty/cell.json"), cell).unwrap();
    let (code, _, err) = study.run(&["runs", "export", "runs", "--csv", "--table", "scores,steps"]);
    assert!(code == 1 && err.contains("only one table can be printed"), "{err}");
    let (code, out, err) = study.run(&["runs", "export", "runs", "--csv"]);
    assert!(code == 0 && out == "run,path,state,method,seed,shots,step,epoch,loss\n", "{out}");
    assert!(err.contains("1 of 1 runs have no rows in 'steps'"), "{err}");
}
