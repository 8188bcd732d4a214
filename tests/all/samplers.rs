//! Samplers over rows in whole runs: recorded, broken off and resumed, made again, reloaded while a run trains.

use crate::program::steered::{Run, STUDY, lines, study};
use crate::program::{Study, compt, read};
use serde_json::{Value, json};
use std::fs;

/// Weights by the latest losses, to the power FACTOR.
const BY_LOSS: &str = "{
  losses = true, every = 2,
  weights = function(rows)
    local weights = {}
    for i, row in ipairs(rows) do weights[i] = (row.loss or 4) ^ FACTOR end
    return weights
  end,
}";

fn by_loss(factor: &str) -> String {
    BY_LOSS.replace("FACTOR", factor)
}

/// A study of 8 steps; with `STOP=n` in its environment it dies after step n.
const PARTS: &str = r#"
local compt, small = require "compt", require "small"
DEFINE
local t = compt.trainer {
  backbone = small.backbone { dropout_rate = 0.1 }, tasks = small.tasks(),
  method = compt.methods.ssum { sources = 2, length = 3 }, sampler = SAMPLER,
  steps = 8, batch_size = 4, accumulate = 2, progress = false, checkpoint_every = 1,
}
for _ = 1, 2 do
  t:run { steps = 4 }
  if tostring(t.steps) == os.getenv "STOP" then os.exit(9) end
end
"#;

fn parts(define: &str, sampler: &str) -> Study {
    Study::small(&PARTS.replace("DEFINE", define).replace("SAMPLER", sampler))
}

fn steps(study: &Study, run: &str) -> Vec<Value> {
    let mut all = lines(&study.path(&format!("{run}/metrics.jsonl")));
    all.iter_mut().for_each(|line| drop(line.as_object_mut().unwrap().remove("seconds")));
    all
}

#[test]
fn a_run_that_was_broken_off_goes_on_with_the_same_rows() {
    let define = format!("compt.sampler.define(\"by_loss\", {})", by_loss("2"));
    let own = parts(&define, "\"by_loss\"");
    let others = [
        "{ order = function(rows) local o = {} for i in ipairs(rows) do o[i] = i end return o end }",
        "\"hard\"",
    ];
    for study in [own].into_iter().chain(others.map(|sampler| parts("", sampler))) {
        let (code, _, err) = study.run(&["run", "study.lua", "--out", "whole"]);
        assert_eq!(code, 0, "{err}");
        assert!(!err.contains("warning"), "{err}");
        let whole = steps(&study, "whole");
        assert_eq!(whole.len(), 8);
        let mut command = compt(&["run", "study.lua", "--out", "half"]);
        command.env("STOP", "4").current_dir(study.0.path());
        assert_eq!(read(command.output().unwrap()).0, 9);
        let (code, _, err) = study.run(&["resume", "half"]);
        assert_eq!(code, 0, "{err}");
        assert_eq!(steps(&study, "half"), whole);
        let (code, told, err) = study.run(&["replay", "whole"]);
        assert_eq!((code, told.contains("every loss identical")), (0, true), "{told}{err}");
    }
}

/// A finished run of 4 steps on the built-in backbone, which can be rebuilt without its script.
fn finished(define: &str, sampler: &str) -> Study {
    let script = format!(
        r#"
local compt = require "compt"
{define}
local t = compt.trainer {{
  backbone = compt.backbone("micro", {{ dtype = "float32" }}), steps = 4, batch_size = 4, progress = false, seed = 1,
  tasks = compt.tasks("micro", {{ tasks = {{ "nli2", "sentiment" }}, shots = 8, seed = 1, max_test = 6 }}),
  method = compt.methods.ssum {{ sources = 2, length = 3 }}, sampler = {sampler},
}}
t:run()
"#
    );
    Study::new(&[("study.lua", &script), ("by_loss.lua", &format!("return {}", by_loss("1")))])
}

#[test]
fn samplers_of_files_and_of_the_library_need_no_script() {
    let file = "compt.sampler.define(\"by_loss\", \"by_loss.lua\")";
    for (define, sampler, recorded) in [
        (file, "\"by_loss\"", json!({ "kind": "by_loss" })),
        ("", "{ temperature = 2 }", json!({ "kind": "temperature", "temperature": 2 })),
        (
            "",
            "{ kind = \"hard\", every = 3, pressure = 9 }",
            json!({ "kind": "hard", "every": 3, "pressure": 9 }),
        ),
    ] {
        let study = finished(define, sampler);
        let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
        assert_eq!(code, 0, "{err}");
        assert_eq!(study.json("out/config.json")["sampler"], recorded);
        fs::remove_file(study.path("study.lua")).unwrap();
        let (code, told, err) = study.run(&["replay", "out"]);
        assert_eq!((code, told.contains("every loss identical")), (0, true), "{told}{err}");
        assert!(!err.contains("is run again"), "{err}");
        let (code, told, err) = study.run(&["eval", "out"]);
        assert_eq!(code, 0, "{told}{err}");
    }
    let study = finished("", by_loss("1").as_str());
    let (code, _, err) = study.run(&["run", "study.lua", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    let config = study.json("out/config.json");
    assert_eq!(config["script"][0], "the sampler 'function' is a function of the script");
}

#[test]
fn a_file_is_exchanged_if_it_is_valid() {
    let study = study();
    let script = STUDY
        .replace("compose = compt.args.compose", "")
        .replace("steps = 2000000,", "steps = 2000000, sampler = \"by_loss\",");
    let script =
        script.replace("local t =", "compt.sampler.define('by_loss', 'by_loss.lua')\nlocal t =");
    fs::write(study.path("study.lua"), script).unwrap();
    let write = |text: &str| {
        fs::write(study.path("new.lua"), format!("return {text}")).unwrap();
        fs::rename(study.path("new.lua"), study.path("by_loss.lua")).unwrap();
    };
    write(&by_loss("1"));
    let mut run = Run::start(&study, &["run", "study.lua", "--out", "out"]);
    run.wait_for_steps(&study.path("out"), 3);
    for (text, words) in [
        (by_loss("nope"), "'nope' is not available in a sampler's file"),
        (by_loss("1").replace("row.loss", "row.lost"), "a row has no field 'lost'"),
        (
            by_loss("1").replace("return weights", "return { 1 }"),
            "it returned 1 weights for 24 rows",
        ),
        (by_loss("1").replace("^ 1", "- 9"), "the weight of row 1 is -5"),
        (by_loss("1").replace("every = 2", "every = 3"), "is fixed when"),
        (
            by_loss("1").replace("every = 2,", "").replace("weights = f", "order = f"),
            "is fixed when",
        ),
        (by_loss("1").replace("weights = f", "wieghts = f"), "option 'weights' is missing"),
    ] {
        write(&text);
        run.hear("'by_loss' stays as it was");
        let line = run.all.lines().last().unwrap().to_string();
        assert!(line.contains(words), "{words}: {line}");
    }
    write(&by_loss("3"));
    run.hear("sampler 'by_loss' is a new version");
    run.wait_for_steps(&study.path("out"), 3);
    // The dry run is at the first and the last step.
    let late = "if context.step > 3 and context.progress < 0.9 then error 'late' end\n    local weights = {}";
    write(&by_loss("2").replace("(rows)", "(rows, context)").replace("local weights = {}", late));
    run.hear("back to the version of 'by_loss' before: ");
    run.wait_for_steps(&study.path("out"), 3);
    assert_eq!(run.terminate().0, 143);
    let versions: Vec<Value> = lines(&study.path("out/control.jsonl"))
        .into_iter()
        .filter(|line| line["sampler"] == "by_loss")
        .collect();
    assert_eq!(versions.len(), 4);
    assert_eq!(versions[3]["sha256"], versions[1]["sha256"]);
    write("{");
    let (code, out, err) = study.run(&["replay", "out"]);
    assert_eq!((code, out.contains("every loss identical")), (0, true), "{out}{err}");
}
