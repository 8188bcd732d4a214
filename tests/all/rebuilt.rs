//! Runs that are opened again without their script, or with the copies of it that they keep.

use crate::program::Study;
use serde_json::{Value, json};
use std::fs;

/// A run of a library method. The script leaves a mark each time it runs.
const LIBRARY: &str = r#"
local compt = require "compt"
local helper = require "helper"
local t = compt.trainer {
  backbone = compt.backbone "micro", steps = 6, progress = false, checkpoint_every = 2,
  tasks = compt.tasks("micro", { tasks = { "sentiment", "nli3" }, shots = 8, seed = 1, max_test = 20 }),
  method = helper.method(), control = compt.args.control,
}
t:run()
"#;

const HELPER: &str = r#"
local compt = require "compt"
io.open("marks", "a"):write("x"):close()
return { method = function() return compt.methods.ssum { sources = 2, length = 3 } end }
"#;

fn study(script: &str, helper: &str) -> Study {
    let study = Study::small(script);
    fs::write(study.path("helper.lua"), helper).unwrap();
    study
}

fn marks(study: &Study) -> usize {
    fs::read(study.path("marks")).map_or(0, |marks| marks.len())
}

fn config(study: &Study, run: &str) -> Value {
    serde_json::from_str(&study.text(&format!("{run}/config.json"))).unwrap()
}

fn write_config(study: &Study, run: &str, config: &Value) {
    fs::write(study.path(run).join("config.json"), config.to_string()).unwrap();
}

#[test]
fn a_run_of_a_library_method_needs_no_script() {
    let study = study(LIBRARY, HELPER);
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!((code, marks(&study)), (0, 1), "{err}");
    fs::remove_file(study.path("study.lua")).unwrap();
    fs::remove_file(study.path("helper.lua")).unwrap();
    fs::remove_dir_all(study.path("out/modules")).unwrap();
    for device in [&[][..], &["--device", "cpu"]] {
        let (code, out, err) = study.run(&[&["eval", "out", "--json"], device].concat());
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        let scores: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((&scores["steps"], &scores["counts"]["nli3"]), (&json!(6), &json!(20)));
        let (code, out, err) = study.run(&[&["replay", "out"], device].concat());
        assert_eq!((code, err.contains("note:")), (0, false), "{err}");
        assert_eq!(out, "out: 6 steps repeated, every loss identical\n");
        let (code, _, err) = study.run(&[&["resume", "out"], device].concat());
        assert_eq!((code, err.contains("all 6 steps are already done")), (0, true), "{err}");
    }
    let (code, out, _) = study.run(&["replay", "out", "--to", "2"]);
    assert_eq!((code, out.as_str()), (0, "out: 2 steps repeated, every loss identical\n"));
    assert_eq!(marks(&study), 1, "the script has not run again");
}

#[test]
fn the_remaining_steps_are_made_without_the_script() {
    let study = study(LIBRARY, HELPER);
    let stop = "return { stop = function(step) return step == 4 end }";
    fs::write(study.path("control.lua"), stop).unwrap();
    let control = ["--set", "control=control.lua"];
    let run = |out: &str| study.run(&[&["run", "study.lua", "--out", out], &control[..]].concat());
    let (code, _, err) = run("out");
    assert!(code == 0 && err.contains("stopped by its control after step 3"), "{err}");
    fs::write(study.path("control.lua"), "return {}").unwrap();
    fs::remove_file(study.path("helper.lua")).unwrap();
    let (code, _, err) = study.run(&["resume", "out"]);
    assert!(code == 0 && err.contains("out: resumes after step 3"), "{err}");
    assert_eq!(study.text("out/metrics.jsonl").lines().count(), 6, "{err}");
    assert_eq!(marks(&study), 1, "the script has not run again");
    let (code, out, err) = study.run(&["replay", "out"]);
    assert_eq!((code, out.contains("6 steps repeated, every loss identical")), (0, true), "{err}");
}

#[test]
fn a_script_that_does_more_is_run_again_from_its_copies_and_says_so() {
    let more = format!("{LIBRARY}\nprint('after', t.steps)\n");
    let study = study(&more, HELPER);
    let (code, out, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!((code, out.as_str()), (0, "after\t6\n"), "{err}");
    fs::remove_file(study.path("helper.lua")).unwrap();
    fs::write(study.path("study.lua"), "error 'edited'").unwrap();
    let (code, out, err) = study.run(&["resume", "out"]);
    assert_eq!((code, out.as_str(), marks(&study)), (0, "after\t6\n", 2), "{err}");
    let first = err.lines().next().unwrap_or_default();
    let why = "note: the script does more after t:run(): study.lua is run again";
    assert!(first.starts_with(why), "{err}");
    assert!(err.contains("note: study.lua has changed since"), "{err}");
    let (code, out, err) = study.run(&["resume", "out", "--no-script"]);
    assert_eq!((code, out.as_str(), marks(&study)), (0, "", 2), "{err}");
    let (code, _, err) = study.run(&["eval", "out"]);
    assert_eq!((code, marks(&study)), (0, 2), "{err}");
}

#[test]
fn a_method_of_the_user_is_made_from_the_sources_in_the_run() {
    let own = r#"
local compt = require "compt"
return { method = function()
  return { name = "mine", lr = { prompt = 0.1 }, build = function(setup)
    local prompt = setup:parameter("prompt", "all", setup:prompt(3))
    return { give = function(batch) return batch:each(function() return prompt end) end }
  end }
end }
"#;
    let study = study(LIBRARY, own);
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    fs::write(study.path("helper.lua"), "return { method = function() error 'edited' end }")
        .unwrap();
    for command in ["eval", "replay", "resume"] {
        let (code, out, err) = study.run(&[command, "out"]);
        let why = "note: the method 'mine' is defined in the script: study.lua is run again";
        assert!(code == 0 && err.starts_with(why), "{command}: {out}{err}");
        assert!(err.contains("helper.lua has changed since"), "{err}");
    }
    let (code, _, err) = study.run(&["eval", "out", "--backbone", "micro"]);
    assert!(code == 2 && err.contains("cannot be rebuilt without its script"), "{err}");
}

#[test]
fn what_was_typed_is_opened_again_like_any_run() {
    let study = study("", HELPER);
    let code = LIBRARY.replace("helper.method()", "compt.methods.pt { length = 2, alone = false }");
    let code = code.replace("local helper = require \"helper\"", "");
    let (done, _, err) = study.run(&["-e", &code, "--out", "out"]);
    assert_eq!(done, 0, "{err}");
    for command in ["eval", "replay", "resume"] {
        let (done, _, err) = study.run(&[command, "out"]);
        assert!(done == 0 && !err.contains("run again"), "{command}: {err}");
    }
}

#[test]
fn an_edited_record_and_a_missing_source_are_named() {
    let study = study(LIBRARY, HELPER);
    assert_eq!(study.run(&["run", "study.lua", "--out", "out"]).0, 0);
    let whole = config(&study, "out");
    let mut edited = whole.clone();
    edited["bach_size"] = 3.into();
    write_config(&study, "out", &edited);
    for command in [&["eval", "out"][..], &["replay", "out"], &["resume", "out"]] {
        let (code, _, err) = study.run(command);
        assert!(code == 2 && err.contains("config.json: unknown key 'bach_size'"), "{err}");
        assert!(err.contains("did you mean 'batch_size'?"), "{err}");
    }
    let mut edited = whole.clone();
    edited["tasks"]["sources"][0]["what"] = "micor".into();
    write_config(&study, "out", &edited);
    let (code, _, err) = study.run(&["eval", "out"]);
    assert!(code == 2 && err.contains("'micor'"), "{err}");
    let mut edited = whole.clone();
    edited["backbone"]["name"] = "nowhere".into();
    write_config(&study, "out", &edited);
    let (code, _, err) = study.run(&["eval", "out"]);
    assert!(code == 2 && err.contains("no backbone 'nowhere'"), "{err}");
    let (code, _, err) = study.run(&["eval", "out", "--backbone", "micro", "--limit", "2"]);
    assert_eq!(code, 0, "{err}");
    let mut edited = whole.clone();
    edited["backbone"]["fingerprint"] = "0".repeat(64).into();
    write_config(&study, "out", &edited);
    let (code, _, err) = study.run(&["eval", "out", "--limit", "2"]);
    assert!(code == 0 && err.contains("backbone.fingerprint: different content"), "{err}");
    let mut edited = whole;
    edited["format"] = 99.into();
    write_config(&study, "out", &edited);
    let (code, _, err) = study.run(&["eval", "out"]);
    assert!(code == 2 && err.contains("its format is 99"), "{err}");
}

/// The keys that records of compt 0.1.0 do not have.
#[test]
fn records_of_version_0_1_0_are_read() {
    let study = study(LIBRARY, HELPER);
    assert_eq!(study.run(&["run", "study.lua", "--out", "out"]).0, 0);
    let mut old = config(&study, "out");
    let keys = ["format", "library", "asked_steps", "checkpoints", "non_finite_tries", "script"];
    keys.iter().for_each(|key| drop(old.as_object_mut().unwrap().remove(*key)));
    old["tasks"].as_object_mut().unwrap().remove("sources");
    write_config(&study, "out", &old);
    fs::remove_file(study.path("out/modules.json")).unwrap();
    let (code, out, err) = study.run(&["eval", "out", "--limit", "2"]);
    assert!(code == 0 && err.contains("compt 0.1.0"), "{out}{err}");
    let (code, out, err) = study.run(&["runs", "out"]);
    assert!(code == 0 && out.contains("finished"), "{out}{err}");
    let (code, _, err) = study.run(&["report", "out", "--out", "page.html"]);
    assert_eq!(code, 0, "{err}");
    let (code, _, err) = study.run(&["replay", "out"]);
    assert!(code == 0 && err.contains("run again"), "{err}");
}

/// A method whose keys the script changes after it was made, and tasks of files with relative paths.
const CHANGED: &str = r#"
local compt = require "compt"
io.open("marks", "a"):write("x"):close()
local method = compt.methods.NAME { RATES }
method.settings, method.warmup = { note = 1 }, nil
local t = compt.trainer {
  backbone = compt.backbone "micro", steps = 6, progress = false, checkpoint_every = 2,
  tasks = compt.tasks { mood = {
    fields = { "text" }, labels = { "bad", "good" },
    files = { train = "rows.jsonl", validation = "rows.jsonl", test = "rows.jsonl" },
  } },
  method = method, control = "control.lua",
}
t:run()
"#;

#[test]
fn files_and_changed_methods_are_rebuilt() {
    for (name, rates) in [("p_tuning", ""), ("pt", "lr = { router = 0.5, private = 0.02 }")] {
        let study = study(&CHANGED.replace("NAME", name).replace("RATES", rates), HELPER);
        let row = |(i, word): (usize, &str)| {
            json!({ "text": format!("the day {i} was {word}"), "label": i % 2 }).to_string()
        };
        let rows = ["bad", "good"].repeat(4);
        let rows: Vec<String> = rows.into_iter().enumerate().map(row).collect();
        fs::write(study.path("rows.jsonl"), rows.join("\n")).unwrap();
        let stop = "return { stop = function(step) return step == 4 end }";
        fs::write(study.path("control.lua"), stop).unwrap();
        let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
        assert!(code == 0 && err.contains("stopped by its control after step 3"), "{err}");
        for command in ["eval", "replay"] {
            let (code, _, err) = study.run(&[command, "out"]);
            assert!(code == 0 && !err.contains("changed"), "{name}: {err}");
        }
        fs::write(study.path("control.lua"), "return {}").unwrap();
        let (code, _, err) = study.run(&["resume", "out"]);
        assert!(code == 0 && err.contains("resumes after step 3"), "{name}: {err}");
        assert_eq!(marks(&study), 1, "{name}: the script has run again");
    }
}

#[test]
fn edited_values_are_named() {
    let study = study(LIBRARY, HELPER);
    assert_eq!(study.run(&["run", "study.lua", "--out", "out"]).0, 0);
    let whole = config(&study, "out");
    let mut edited = whole.clone();
    edited["clip"] = 0.25.into();
    write_config(&study, "out", &edited);
    for command in ["eval", "replay"] {
        let (_, _, err) = study.run(&[command, "out"]);
        assert!(err.contains("clip: 1.0 -> 0.25"), "{command}: {err}");
    }
    let (code, _, err) = study.run(&["resume", "out"]);
    assert!(code == 1 && err.contains("clip: 1.0 -> 0.25"), "{err}");
    assert!(err.contains("config.json was edited"), "{err}");
    let mut edited = whole.clone();
    edited["tasks"].as_object_mut().unwrap().remove("sources");
    write_config(&study, "out", &edited);
    let (code, _, err) = study.run(&["eval", "out"]);
    assert!(code == 2 && err.contains("'sources' are missing"), "{err}");
    assert!(err.contains("config.json"), "{err}");
    let mut edited = whole;
    edited.as_object_mut().unwrap().remove("checkpoints");
    write_config(&study, "out", &edited);
    let (code, _, err) = study.run(&["eval", "out"]);
    assert!(code == 2 && err.contains("the key 'checkpoints' is missing"), "{err}");
}

#[test]
fn a_folder_of_another_machine_is_no_obstacle() {
    let script = LIBRARY.replace("t:run()", "t:run { steps = 3 }\nt:run()");
    let study = study(&script, HELPER);
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    let mut session: Value = serde_json::from_str(&study.text("out/session.json")).unwrap();
    session["folder"] = "/nowhere/at/all".into();
    fs::write(study.path("out/session.json"), session.to_string()).unwrap();
    fs::remove_file(study.path("helper.lua")).unwrap();
    let (code, out, err) = study.run(&["replay", "out"]);
    assert!(code == 0 && err.contains("/nowhere/at/all, is not here"), "{err}");
    assert!(out.contains("6 steps repeated, every loss identical"), "{out}");
}

/// docs/explanation/trust.md: the run of somebody else is announced, one's own is not.
#[test]
fn code_that_is_not_in_the_files_of_the_user_is_announced() {
    let study = Study::small(
        "local small = require 'small'\nlocal t = small.trainer { steps = 2 }\nt:step()\nt:step()",
    );
    assert_eq!(study.run(&["run", "study.lua", "--out", "out"]).0, 0);
    let replayed = || {
        let (code, out, err) = study.run(&["replay", "out"]);
        assert!(code == 0 && out.contains("2 steps repeated"), "{out}{err}");
        assert!(err.contains("study.lua is run again"), "{err}");
        err
    };
    let note = "note: this runs code from the run's folder that is not in your files (study.lua): ";
    assert!(!replayed().contains("not in your files"), "its own script is unchanged");
    std::fs::write(study.path("study.lua"), "error 'another script'").unwrap();
    let err = replayed();
    let places = [err.find("is run again"), err.find(note)];
    assert!(places[0].is_some() && places[0] < places[1], "{err}");
    assert!(err.contains("docs/explanation/trust.md"), "{err}");
    // The copies in the run's folder are not the user's files.
    std::fs::remove_file(study.path("study.lua")).unwrap();
    std::os::unix::fs::symlink("out/script.lua", study.path("study.lua")).unwrap();
    assert!(replayed().contains(note));
}
