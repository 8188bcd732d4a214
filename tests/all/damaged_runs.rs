//! Run folders with files that were edited or removed, and folders of several runs.

use crate::program::Study;
use serde_json::{Value, json};
use std::fs;

/// Two runs of one script, which prints a score of each.
const TWO: &str = r#"
local compt = require "compt"
local helper = require "helper"
for _, name in ipairs { "first", "second" } do
  local t = compt.trainer {
    name = name, backbone = compt.backbone "micro", steps = 3, progress = false, checkpoint_every = 1,
    tasks = compt.tasks("micro", { tasks = { "sentiment" }, shots = 4, seed = 1, max_test = 4 }),
    method = helper.method(),
  }
  t:run { steps = 2 }
  t:run()
  print(name, t:evaluate("test").average)
end
"#;

/// One run, by steps.
const STEPS: &str = r#"
local compt = require "compt"
local t = compt.trainer {
  backbone = compt.backbone "micro", steps = 3, progress = false, checkpoint_every = 1,
  tasks = compt.tasks("micro", { tasks = { "sentiment" }, shots = 4, seed = 1, max_test = 4 }),
  method = compt.methods.pt { length = 2, alone = false },
}
for _ = 1, compt.args.steps or 3 do t:step() end
if compt.args.steps then os.exit(9, false) end
"#;

const HELPER: &str = r#"return { method = function() return require("compt").methods.ssum { sources = 2, length = 3 } end }"#;

fn study(script: &str) -> Study {
    let study = Study::new(&[("study.lua", script), ("helper.lua", HELPER)]);
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    study
}

/// Runs a command that is refused with this text and a line of help.
#[track_caller]
fn refused(study: &Study, arguments: &[&str], words: &[&str]) {
    let (code, out, err) = study.run(arguments);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.starts_with("compt: ") || err.contains("\ncompt: "), "{err}");
    for words in words.iter().chain(&["\n  help: "]) {
        assert!(err.contains(words), "'{words}' is not in: {err}");
    }
}

#[test]
fn of_two_runs_one_is_chosen_and_only_its_output_is_printed() {
    let study = study(TWO);
    for command in ["replay", "eval"] {
        refused(&study, &[command, "out"], &["holds several runs", "out/first, out/second"]);
    }
    let (code, out, err) = study.run(&["replay", "out/second"]);
    assert_eq!((code, out.contains("first")), (0, false), "{out}{err}");
    assert!(out.ends_with("second: 3 steps repeated, every loss identical\n"), "{out}");
}

#[test]
fn edited_and_missing_copies_of_the_script_are_named() {
    let study = study(TWO);
    let copy = study.path("out/second/script.lua");
    fs::write(&copy, TWO.replace("steps = 3", "steps = 4")).unwrap();
    let edited = ["the run's copy of study.lua", "script.lua: the text is not the one"];
    refused(&study, &["replay", "out/second"], &edited);
    fs::remove_file(&copy).unwrap();
    refused(&study, &["replay", "out/second"], &["script.lua: No such file"]);
    refused(&study, &["resume", "out/second"], &["script.lua: No such file", "--no-script"]);
    assert_eq!(study.run(&["resume", "out/second", "--no-script"]).0, 0);
    fs::write(&copy, TWO).unwrap();
    let modules = study.json("out/second/modules.json");
    let module = format!("out/second/modules/{}.lua", modules[0]["sha256"].as_str().unwrap());
    fs::write(study.path(&module), "return {}").unwrap();
    let edited = ["the run's copy of helper.lua", "the text is not the one"];
    refused(&study, &["replay", "out/second"], &edited);
}

#[test]
fn lost_checkpoints_prompts_and_settings_are_named() {
    let study = study(STEPS);
    refused(&study, &["eval", "nowhere"], &["nowhere: No such file"]);
    let prompts = study.path("out/prompts.safetensors");
    fs::remove_file(&prompts).unwrap();
    let missing = ["there is no prompts.safetensors", "compt resume"];
    refused(&study, &["prompts", "list", "out"], &missing);
    assert_eq!(study.run(&["resume", "out", "--no-script"]).0, 0);
    assert!(prompts.is_file(), "it is written again");

    let whole: Value = study.json("out/config.json");
    let write = |text: &str| fs::write(study.path("out/config.json"), text).unwrap();
    let mut edited = whole.clone();
    let length = edited["method"].as_object_mut().unwrap().remove("length").unwrap();
    edited["method"]["lenght"] = length;
    write(&edited.to_string());
    refused(&study, &["eval", "out"], &["config.json: method.lenght: ", "did you mean 'length'"]);
    edited = whole.clone();
    edited["backbone"]["name"] = "nowhere".into();
    write(&edited.to_string());
    refused(&study, &["eval", "out"], &["config.json: backbone: ", "no backbone 'nowhere'"]);
    edited["format"] = 99.into();
    write(&edited.to_string());
    let version = env!("CARGO_PKG_VERSION");
    let format = [&*format!("its format is 99; compt {version} reads"), "the file was edited"];
    refused(&study, &["eval", "out"], &format);
    write(&whole.to_string()[..40]);
    refused(&study, &["resume", "out"], &["config.json: EOF", "put the file back"]);
    fs::remove_file(study.path("out/config.json")).unwrap();
    refused(&study, &["replay", "out"], &["config.json: No such file", "put the file back"]);
    write(&whole.to_string());

    fs::remove_dir_all(study.path("out/checkpoints")).unwrap();
    let lost = ["no checkpoint of its 3 steps is left", "into another folder"];
    refused_later(&study, &["resume", "out", "--no-script"], &lost);
    refused_later(&study, &["eval", "out"], &lost);
    assert_eq!(study.text("out/metrics.jsonl").lines().count(), 3, "the record is untouched");
}

/// Like [`refused`], by a run that was opened.
#[track_caller]
fn refused_later(study: &Study, arguments: &[&str], words: &[&str]) {
    let (code, _, err) = study.run(arguments);
    let all = words.iter().all(|words| err.contains(words));
    assert!(code == 1 && all && err.contains("\n  help: "), "{code}: {err}");
}

#[test]
fn the_steps_of_a_loop_are_counted_and_finish_the_run() {
    let study = study(STEPS);
    let listed = |run: &str| -> Value {
        let (_, out, _) = study.run(&["runs", run, "--json"]);
        serde_json::from_str(&out).unwrap()
    };
    let whole = listed("out");
    assert_eq!((&whole["state"], &whole["steps"]), (&json!("finished"), &json!(3)));
    let (code, ..) = study.run(&["run", "study.lua", "--out", "two", "--set", "steps=2"]);
    assert_eq!(code, 9);
    let broken = listed("two");
    assert_eq!((&broken["state"], &broken["steps"]), (&json!("unfinished"), &json!(2)));
    fs::remove_dir_all(study.path("two/checkpoints")).unwrap();
    let lost = ["no checkpoint of its 2 steps is left"];
    refused_later(&study, &["resume", "two", "--no-script"], &lost);
}

#[test]
fn an_operator_is_recorded_before_the_first_step() {
    let script = r#"
local compt = require "compt"
compt.compose.define("mine", "mine.lua")
local t = compt.trainer {
  backbone = compt.backbone "micro", steps = 3, progress = false,
  tasks = compt.tasks("micro", { tasks = { "sentiment" }, shots = 4, seed = 1, max_test = 4 }),
  method = compt.methods.ssum { sources = 2, length = 3, compose = "mine" },
  control = { temperature = function() if begun then os.exit(9, false) end return 1 end },
}
begun = true
t:run()
"#;
    let operator = "return function(private) return private end";
    let study = Study::new(&[("study.lua", script), ("mine.lua", operator)]);
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 9, "{err}");
    let line: Value = serde_json::from_str(&study.text("out/control.jsonl")).unwrap();
    assert_eq!((&line["operator"], &line["step"]), (&json!("mine"), &json!(1)));
    assert_eq!(study.text("out/metrics.jsonl"), "");
}

#[test]
fn another_number_of_threads_is_said() {
    let study = study(TWO);
    let record = study.path("out/second/environment.json");
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, text.replace("\"threads\": 1", "\"threads\": 8")).unwrap();
    let (code, _, err) = study.run(&["eval", "out/second"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("made with 8 thread(s) and now has 1"), "{err}");
}

#[test]
fn an_unknown_key_to_sort_by_is_named() {
    let study = study(TWO);
    refused(
        &study,
        &["runs", "out", "--sort", "averge"],
        &["unknown key of the runs 'averge'", "'average'"],
    );
    refused(&study, &["sweep", "status", "out"], &["this is a folder, not a plan"]);
}
