//! Folders of runs that are deleted, half deleted, moved, in use, or named by other bytes than UTF-8; and folders of
//! other programs among them.

use crate::program::steered::Run;
use crate::program::{Study, apart};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// A run that can be left after some steps, and goes on where it is resumed.
const STUDY: &str = r#"
local compt = require "compt"
local t = compt.trainer {
  backbone = compt.backbone "micro", steps = compt.args.steps or 4, progress = false, checkpoint_every = 1,
  tasks = compt.tasks("micro", { tasks = { "sentiment" }, shots = 4, seed = 1, max_test = 4 }),
  method = compt.methods.pt { length = 2, alone = false },
}
if io.open "leave.txt" then
  t:run { steps = 2 }
  os.exit(9, true)
end
t:run()
t:evaluate "test"
print(t.out)
"#;

fn study() -> Study {
    Study::new(&[("study.lua", STUDY)])
}

/// Makes two of the four steps.
fn left(study: &Study, out: &OsStr) {
    fs::write(study.path("leave.txt"), "").unwrap();
    let mut command = apart(env!("CARGO_BIN_EXE_compt"));
    command.args(["run", "study.lua", "--out"]).arg(out).current_dir(study.0.path());
    assert_eq!(command.output().unwrap().status.code(), Some(9));
    fs::remove_file(study.path("leave.txt")).unwrap();
}

#[track_caller]
fn refused(study: &Study, arguments: &[&str], words: &[&str]) {
    let (code, out, err) = study.run(arguments);
    assert_eq!(code, 2, "{out}{err}");
    words.iter().for_each(|words| assert!(err.contains(words), "'{words}' is not in: {err}"));
}

#[test]
fn a_folder_of_another_program_is_no_run() {
    let study = study();
    let config = study.path("models/t5/config.json");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    fs::write(&config, "{ \"model_type\": \"t5\", \"d_model\": 8 }").unwrap();
    let (code, out, _) = study.run(&["runs", "models"]);
    assert!(code == 0 && out.contains("foreign"), "{out}");
    refused(&study, &["runs", "delete", "models/t5", "--yes"], &["not the folder of a run"]);
    refused(&study, &["runs", "delete", "models", "--yes"], &["not the folder of a run"]);
    // Even with a record of this name.
    fs::write(config.with_file_name("session.json"), "{ \"kernel\": 1 }").unwrap();
    fs::write(config.with_file_name("result.json"), "{ \"steps\": 3 }").unwrap();
    refused(&study, &["runs", "delete", "models/t5", "--yes"], &["session.json", "cell.json"]);
    assert!(config.is_file());
}

#[test]
fn a_run_in_use_is_not_deleted() {
    let study = study();
    left(&study, OsStr::new("runs/a"));
    // The record of an earlier failure, while it is made again.
    let failed = study.path("runs/a/result.json");
    fs::write(&failed, "{ \"steps\": 2, \"error\": \"not finite\" }").unwrap();
    let run =
        Run::start(&study, &["run", "study.lua", "--out", "runs/b", "--set", "steps=2000000"]);
    while !study.path("runs/b/metrics.jsonl").is_file() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    run.wait_for_steps(&study.path("runs/b"), 1);
    fs::copy(&failed, study.path("runs/b/result.json")).unwrap();
    for arguments in [["runs/b", "runs/a"], ["runs/a", "runs/b"]] {
        let arguments = [&["runs", "delete", "--yes"][..], &arguments].concat();
        refused(&study, &arguments, &["runs/b: a process works on it", "stop it first"]);
        assert!(study.path("runs/a").is_dir() && study.path("runs/b").is_dir());
    }
    run.wait_for_steps(&study.path("runs/b"), 2);
    let (code, err) = run.terminate();
    assert_eq!(code, 143, "{err}");
    let (code, out, err) = study.run(&["runs", "delete", "runs/a", "runs/b", "runs/a/", "--yes"]);
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(fs::read_dir(study.path("runs")).unwrap().count(), 0, "nothing is left beside them");
}

#[test]
fn half_of_a_run_is_named_and_can_be_deleted() {
    let study = study();
    for name in ["a", "b", "c", "d"] {
        let (code, _, err) = study.run(&["run", "study.lua", "--out", &format!("runs/{name}")]);
        assert_eq!(code, 0, "{err}");
    }
    for name in ["config.json", "result.json", "metrics.jsonl"] {
        fs::remove_file(study.path("runs/a").join(name)).unwrap();
    }
    for name in ["session.json", "result.json", "checkpoints/step-000000004.safetensors"] {
        fs::remove_file(study.path("runs/b").join(name)).unwrap();
    }
    // As an interrupted deletion leaves it.
    fs::rename(study.path("runs/c"), study.path("runs/.compt-deleted-c")).unwrap();
    let (code, out, err) = study.run(&["runs"]);
    assert_eq!(code, 0, "{err}");
    let line = |name: &str| out.lines().find(|line| line.starts_with(&format!("runs/{name} ")));
    assert!(line("a").is_some_and(|line| line.contains("damaged") && line.contains("config.json")));
    assert!(line("b").is_some_and(|line| line.contains("unfinished")), "{out}");
    assert!(line("c").is_none() && line("d").is_some_and(|line| line.contains("finished")));
    let (code, _, err) = study.run(&["report", "runs"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(err.matches("runs/a is skipped: damaged: config.json").count(), 1, "{err}");
    let (code, out, err) = study.run(&["runs", "export", "runs/a", "--csv"]);
    assert!(code == 1 && out.is_empty() && err.contains("there are no runs to export"), "{err}");
    for command in ["eval", "resume", "replay"] {
        refused(&study, &[command, "runs/a"], &["config.json", "help: "]);
        let (code, _, err) = study.run(&[command, "runs/b"]);
        assert!(code == 2 && err.contains("session.json"), "{err}");
    }
    let all = ["runs/a", "runs/b", "runs/c"];
    let (code, out, err) = study.run(&[&["runs", "delete", "--yes"][..], &all].concat());
    assert!(code == 0 && out.contains("rest of an interrupted deletion"), "{out}{err}");
    let left: Vec<_> =
        fs::read_dir(study.path("runs")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["d"]);
    refused(&study, &["runs", "delete", "runs/c", "--yes"], &["no such folder"]);
}

#[test]
fn a_run_that_was_moved_goes_on_where_it_is() {
    let study = study();
    left(&study, OsStr::new("runs/a"));
    fs::create_dir_all(study.path("elsewhere/below")).unwrap();
    fs::rename(study.path("runs"), study.path("elsewhere/below/runs")).unwrap();
    let run = "elsewhere/below/runs/a";
    let (code, _, err) = study.run(&["resume", run, "--no-script"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(study.text(&format!("{run}/metrics.jsonl")).lines().count(), 4);
    assert!(!study.path("runs").exists(), "the old place is left alone");
    fs::rename(study.path(run), study.path("b")).unwrap();
    for command in
        [&["eval", "b"][..], &["replay", "b"], &["report", "b"], &["prompts", "list", "b"]]
    {
        let (code, out, err) = study.run(command);
        assert_eq!(code, 0, "{command:?}: {out}{err}");
    }
    assert!(!study.path("runs").exists() && !study.path(run).exists());
    let (_, out, _) = study.run(&["runs", "b", "--json"]);
    let listed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&listed["path"], &listed["steps"]), (&"b".into(), &4.into()));
}

fn of<'a>(texts: &[&'a str]) -> Vec<&'a OsStr> {
    texts.iter().map(|text| OsStr::new(*text)).collect()
}

#[test]
fn folders_may_have_any_name() {
    let study = study();
    let name = OsString::from_vec(b"runs/caf\xe9".to_vec());
    let run = |arguments: &[&OsStr]| {
        let mut command = apart(env!("CARGO_BIN_EXE_compt"));
        let output = command.args(arguments).current_dir(study.0.path()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    };
    left(&study, &name);
    for command in [of(&["resume", "--no-script"]), of(&["eval"]), of(&["replay"]), of(&["report"])]
    {
        let (code, out, err) = run(&[&command[..], &[&name]].concat());
        assert_eq!(code, 0, "{command:?}: {out}{err}");
    }
    assert!(study.text("report.html").contains("caf\u{fffd}"), "it is in the report");
    let (code, out, err) = run(&of(&["runs"]));
    assert!(code == 0 && out.contains("finished"), "{out}{err}");
    let (code, out, err) = run(&of(&["runs", "--json"]));
    assert_eq!(code, 0, "{err}");
    let listed: Value = serde_json::from_str(&out).unwrap();
    let bytes: Vec<u8> = serde_json::from_value(listed["path"]["bytes"].clone()).unwrap();
    assert_eq!(bytes, name.as_bytes());
    // Without --no-script the script goes on in the same folder.
    let (code, out, err) = run(&[&of(&["run", "study.lua", "--out"])[..], &[&name]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.ends_with("-2\n"), "{out}");
    let (code, _, err) = run(&[&of(&["runs", "delete", "--yes"])[..], &[&name]].concat());
    assert_eq!(code, 0, "{err}");
    assert_eq!(fs::read_dir(study.path("runs")).unwrap().count(), 1);
    // What cannot be a folder's name in a file of text is refused in words.
    fs::write(
        study.path("grid.lua"),
        "require('compt').ablate { grid = { x = { 1 } }, run = function() return {} end }",
    )
    .unwrap();
    let (code, _, err) =
        run(&[&of(&["sweep", "plan", "grid.lua", "--out"])[..], &[&name]].concat());
    assert!(code == 2 && err.contains("UTF-8") && !err.contains("internal error"), "{code}: {err}");
}
