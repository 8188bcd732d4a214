//! Plans that were edited, and scripts that no longer come to the grid of a plan.

use crate::program::Study;
use serde_json::{Value, json};
use std::fs;

const PLAN: &str = "runs/study/plan.jsonl";

const STUDY: &str = r#"
local compt = require "compt"
if os.getenv "PATH" == nil or io.open "over.txt" then return end
local runs = compt.ablate { grid = { x = { 1, 2, 3 } }, run = function(s) return { average = s.x } end }
print(#runs:finished())
"#;

fn planned() -> Study {
    let study = Study::new(&[("study.lua", STUDY)]);
    let (code, _, err) = study.run(&["sweep", "plan", "study.lua"]);
    assert_eq!(code, 0, "{err}");
    study
}

#[test]
fn an_edited_line_of_a_plan_is_refused() {
    let study = planned();
    let whole = study.text(PLAN);
    let outside = study.path("outside");
    let edits: [(&str, Value, &str); 6] = [
        ("settings", json!({ "x": 5 }), "its settings give"),
        ("id", json!("0123456789ab"), "its folder is "),
        ("folder", json!("runs/study/../../outside/study-0123456789ab"), "its folder is "),
        ("folder", json!(outside), "its folder is "),
        ("index", json!(1), "its number is 1, not 2"),
        ("code_sha256", json!("0"), "its settings give"),
    ];
    for (key, value, words) in edits {
        let mut lines: Vec<Value> =
            whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        lines[2][key] = value;
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(study.path(PLAN), text).unwrap();
        for command in ["run", "status", "list", "merge"] {
            let (code, _, err) = study.run(&["sweep", command, PLAN]);
            assert_eq!(code, 2, "{key} {command}: {err}");
            let named = err.contains("plan.jsonl") && err.contains("--replan");
            assert!(named && err.contains(words), "{key} {command}: {err}");
        }
    }
    assert!(!outside.exists());
    let all = whole.replace("\"settings\":{\"x\":", "\"settings\":{\"x\":1");
    fs::write(study.path(PLAN), all).unwrap();
    for command in [&["sweep", "run", PLAN][..], &["sweep", "run", PLAN, "--index", "3"]] {
        let (code, _, err) = study.run(command);
        assert!(code == 1 && err.contains("its settings give"), "{code}: {err}");
    }
    assert!(!study.path("runs/study").join("claims").exists());
    let line = whole.lines().nth(1).unwrap();
    let twice =
        whole.replace(whole.lines().nth(2).unwrap(), &line.replace("\"index\":1", "\"index\":2"));
    fs::write(study.path(PLAN), twice).unwrap();
    let (code, _, err) = study.run(&["sweep", "run", PLAN]);
    assert!(code == 2 && err.contains("is listed twice"), "{err}");
    fs::write(study.path(PLAN), &whole).unwrap();
    let (code, _, err) = study.run(&["sweep", "run", PLAN]);
    assert_eq!(code, 0, "{err}");
}

#[test]
fn a_script_that_ends_before_its_grid_has_failed() {
    let study = planned();
    fs::write(study.path("over.txt"), "").unwrap();
    let commands: [&[&str]; 4] = [
        &["sweep", "run", PLAN],
        &["sweep", "run", PLAN, "--index", "2"],
        &["sweep", "run", PLAN, "--jobs", "2"],
        &["sweep", "merge", PLAN],
    ];
    for command in commands {
        let (code, _, err) = study.run(command);
        assert!(code == 1 || code == 2, "{command:?}: {code}: {err}");
        let expected = [
            "the script ended before it came to its grid 1 ('study')",
            "the processes end before they start a run",
            "none of its 3 runs has begun",
        ];
        assert!(expected.iter().any(|said| err.contains(said)), "{err}");
    }
    fs::remove_file(study.path("over.txt")).unwrap();
    let (code, _, err) = study.run(&["sweep", "run", PLAN]);
    assert_eq!(code, 0, "{err}");
    let (code, out, err) = study.run(&["sweep", "merge", PLAN]);
    assert_eq!((code, out.lines().last()), (0, Some("3")), "{err}");
}

#[test]
fn a_damaged_cell_is_named() {
    let study = planned();
    assert_eq!(study.run(&["sweep", "run", PLAN]).0, 0);
    let lines = study.text(PLAN);
    let second: Value = serde_json::from_str(lines.lines().nth(2).unwrap()).unwrap();
    let folder = second["folder"].as_str().unwrap();
    for text in ["{ \"settings\": 5, \"outcome\": \"finished\" }", "{ \"settings\""] {
        fs::write(study.path(folder).join("cell.json"), text).unwrap();
        let (code, out, err) = study.run(&["sweep", "merge", PLAN]);
        assert_eq!(code, 1, "{err}");
        assert_eq!(
            err.matches(&format!("{folder} is skipped: damaged: cell.json")).count(),
            1,
            "{err}"
        );
        assert!(err.contains("2 of 3 runs are finished"), "{err}");
        assert_eq!(out.lines().last(), Some("2"), "{out}");
        assert_eq!(study.text("runs/study/results.jsonl").lines().count(), 3);
    }
    let (code, out, err) = study.run(&["sweep", "status", PLAN]);
    assert!(
        code == 0 && out.contains(&format!("run 2: {folder}: damaged: cell.json")),
        "{out}{err}"
    );
}

#[test]
fn a_damaged_record_of_a_submission_is_named_in_the_status() {
    let study = planned();
    let plan = study.path(PLAN);
    let folder = plan.parent().unwrap().join(".slurm/1");
    fs::create_dir_all(&folder).unwrap();
    for text in ["{", "{ \"arrays\": 5 }", "[]"] {
        fs::write(folder.join("jobs.json"), text).unwrap();
        let (code, out, err) = study.run(&["sweep", "status", PLAN]);
        assert_eq!(code, 0, "{err}");
        assert!(out.contains("3 runs") && err.contains("a submission is left out: "), "{out}{err}");
    }
}
